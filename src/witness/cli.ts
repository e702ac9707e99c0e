#!/usr/bin/env node
/**
 * The witness as a program of its own: no Node-RED needed.
 *
 *     ha-pair-witness --key-file FILE --data DIR [--port 1102] [--host ADDRESS]
 *     ha-pair-witness key          reads a pair's key from standard input, prints the witness key
 *
 * SIGHUP reads the key file again. Ends with 0 after SIGTERM or SIGINT, with 2 if it was called wrong, with 1 if the key file cannot be used.
 */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { messageOf } from '../engine/error-code'
import type { PairLog } from '../host/report'
import { withoutLineEnds } from '../host/secret'
import { keyLineText, parseKeyLines, witnessLineOf, type KeyLine } from './keys'
import { Witness } from './witness'

const USAGE = `ha-pair-witness: the third voice for pairs with the policy "witness"

  ha-pair-witness --key-file FILE --data DIR [--port 1102] [--host ADDRESS]
      --key-file  witness keys, one a line, one for each pair; a name may follow the key
      --data      folder that the witness keeps for itself; it has to survive a restart of the host
      --port      UDP port (1102)
      --host      local address to listen on (all)

  ha-pair-witness key
      reads a pair's key from standard input and prints the witness key; the pair's dialog shows it too
`

const DEFAULT_PORT = 1102
const WRONG_CALL = 2
/**
 * A witness makes much that lives for a moment and keeps little. Room for what is new that grows to 33 MB, and is never filled with anything
 * that lasts, would be most of its memory. V8 spares 2 MB of the rest if it is asked for that.
 */
const V8_FLAGS = ['--semi-space-growth-factor=1', '--optimize-for-size']

function stamp(level: string, line: string): string {
  return `${new Date().toISOString()} ${level} ${line}\n`
}

const LOG: PairLog = {
  info: (line) => void process.stdout.write(stamp('info', line)),
  warn: (line) => void process.stdout.write(stamp('warn', line)),
  error: (line) => void process.stderr.write(stamp('error', line))
}

function fail(why: string, code: number): never {
  process.stderr.write(`${why}\n`)
  process.exit(code)
}

async function printKey(): Promise<void> {
  if (process.stdin.isTTY) process.stderr.write("The pair's key, then Ctrl-D:\n")
  // As the dialog takes it: line ends around it are none of it.
  const secret = withoutLineEnds(await text(process.stdin))
  if (secret === '') fail('There is no key on standard input.', WRONG_CALL)
  process.stdout.write(`${witnessLineOf(secret).key}\n`)
}

/** Errors: throws with a reason for people. */
function readKeys(file: string): readonly KeyLine[] {
  const { keys, error } = parseKeyLines(readFileSync(file, 'utf8'))
  if (error !== null) throw new Error(`${file}: ${keyLineText(error).en}`)
  if (keys.length === 0) throw new Error(`${file} holds no key`)
  return keys
}

function run(keyFile: string, data: string, host: string, port: number): void {
  let keys: readonly KeyLine[]
  try {
    keys = readKeys(keyFile)
  } catch (error) {
    return fail(messageOf(error), 1)
  }
  const witness = new Witness({ port, host, data, log: LOG }, keys)
  process.on('SIGHUP', () => {
    try {
      const again = readKeys(keyFile)
      witness.setKeys(again)
      LOG.info(`${again.length} key(s) read`)
    } catch (error) {
      LOG.error(`the keys stay as they were: ${messageOf(error)}`)
    }
  })
  const end = (): void => void witness.close().then(() => process.exit(0))
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

function main(args: readonly string[]): void {
  for (const flag of V8_FLAGS) setFlagsFromString(flag)
  if (args[0] === 'key' && args.length === 1) return void printKey()
  let values: { [name: string]: string | boolean | undefined }
  try {
    const string = { type: 'string' } as const
    const options = { 'key-file': string, data: string, host: string, port: string, help: { type: 'boolean' } } as const
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    return fail(`${messageOf(error)}\n\n${USAGE}`, WRONG_CALL)
  }
  if (values['help'] === true) return void process.stdout.write(USAGE)
  const [keyFile, data] = [values['key-file'], values['data']]
  const port = Number(values['port'] ?? DEFAULT_PORT)
  if (typeof keyFile !== 'string' || typeof data !== 'string') return fail(USAGE, WRONG_CALL)
  if (!Number.isInteger(port) || port < 1 || port > 65535) return fail('--port takes 1 to 65535', WRONG_CALL)
  run(keyFile, data, String(values['host'] ?? ''), port)
}

main(process.argv.slice(2))

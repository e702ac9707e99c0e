/** MariaDB from the system, with one database and one user. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../../support/eventually'
import { killChild } from '../../../support/kill-child'
import { freePort } from '../../../support/ports'

const START_LIMIT_MS = 20_000
const SMALL = ['--innodb-log-file-size=4M', '--innodb-buffer-pool-size=8M']

export const DATABASE = { name: 'plant', user: 'ha', password: 'of the tests' } as const

export class MariaDb {
  readonly port: number
  readonly #server: ChildProcess
  #log = ''

  private constructor(port: number, server: ChildProcess) {
    this.port = port
    this.#server = server
    server.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#log += chunk))
  }

  static isThere(): boolean {
    return ['mariadbd', 'mariadb', 'mariadb-install-db'].every(
      (command) => spawnSync(command, ['--version']).error === undefined
    )
  }

  static async start(folder: string): Promise<MariaDb> {
    const data = `--datadir=${join(folder, 'data')}`
    const own = ['--no-defaults', '--user=root', data]
    execFileSync(
      'mariadb-install-db',
      [...own, ...SMALL, '--auth-root-authentication-method=normal', '--skip-test-db'],
      { stdio: 'pipe' }
    )
    const first = join(folder, 'first.sql')
    // One statement a line.
    writeFileSync(
      first,
      [
        `CREATE DATABASE ${DATABASE.name};`,
        `CREATE USER '${DATABASE.user}'@'127.0.0.1' IDENTIFIED BY '${DATABASE.password}';`,
        `GRANT ALL ON ${DATABASE.name}.* TO '${DATABASE.user}'@'127.0.0.1';`
      ].join('\n')
    )
    const port = await freePort()
    const here = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`]
    const server = spawn(
      'mariadbd',
      [...own, ...SMALL, ...here, '--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0', `--init-file=${first}`],
      { stdio: ['ignore', 'ignore', 'pipe'] }
    )
    const database = new MariaDb(port, server)
    await eventually('the database runs', START_LIMIT_MS, () => {
      if (server.exitCode !== null) throw new Error(database.#log)
      return /ready for connections/.test(database.#log)
    })
    return database
  }

  /** The rows that a statement gives, each as its columns. */
  ask(statement: string): string[][] {
    const { name, user, password } = DATABASE
    const who = ['-h127.0.0.1', `-P${this.port}`, `-u${user}`, `-p${password}`, name]
    const text = execFileSync('mariadb', ['--no-defaults', ...who, '--batch', '--skip-column-names', '-e', statement], {
      encoding: 'utf8'
    })
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
  }

  stop(): Promise<void> {
    return killChild(this.#server)
  }
}

/**
 * Half a minute of chaos on real Node-RED processes, two in the whole; `run.ts` is the long one. The seed (CHAOS_SEED) is fixed,
 * the machine's timing is not.
 */
import assert from 'node:assert/strict'
import { describeReport, describeViolations, PEER_TIMEOUT_MS, runSessions, TIGHT_PEER_TIMEOUT_MS } from './campaign'
import type { Rule } from '../../support/namespaces/checker'
import { whyNotHere } from '../../support/namespaces/network'
import { share } from '../../support/share'
import { FEED_EVERY_MS, type SessionPlan, type SessionReport } from './plan'

const SEED = 1000 * Number(process.env['CHAOS_SEED'] ?? '1')
const FAULTS_FOR_MS = share(5000, 36_000)
/** Stops of the Active with messages queued at its gate, under the two policies that let the other side follow. */
const STOPS = { availability: share(1, 3), preferred: share(1, 2) }
const LIMIT_MS = 300_000

/** What a machine that has no time for the pair can cause: told, and no failure of the share. */
const OF_A_BUSY_MACHINE: readonly Rule[] = ['stuck', 'moved', 'voice']

/** Plays a session, tells how it went, and fails on any violation but of those rules. */
async function play(
  plan: Omit<SessionPlan, 'faultsForMs' | 'feedEveryMs'>,
  excused: readonly Rule[] = []
): Promise<SessionReport> {
  const reports: SessionReport[] = []
  const whole = { ...plan, faultsForMs: FAULTS_FOR_MS, feedEveryMs: share(2 * FEED_EVERY_MS, FEED_EVERY_MS) }
  await runSessions([whole], { wanted: false }, (report) => reports.push(report))
  const [report] = reports
  assert.ok(report)
  for (const line of describeReport(report)) console.log(`# ${line}`)
  const late = report.violations.filter(({ rule }) => excused.includes(rule))
  for (const { rule, text } of late) console.log(`# on a busy machine: ${rule}: ${text}`)
  const violations = report.violations.filter((each) => !late.includes(each))
  assert.deepEqual(describeViolations({ ...report, violations }), [])
  assert.ok(Object.keys(report.faults).length >= share(1, 5), 'hardly any fault was made')
  return report
}

describe('chaos on real processes, judged by an outside clock', () => {
  before(function () {
    const why = whyNotHere(['ip', 'nft', 'hping3'])
    if (why === null) return
    console.log(`# the chaos run did not run: ${why}`)
    this.skip()
  })

  it('availability: two serve only while they cannot hear each other; a stopped Active is silent when it wakes', async () => {
    const report = await play({
      policy: 'availability',
      seed: SEED + 0,
      peerTimeoutMs: PEER_TIMEOUT_MS,
      stops: STOPS.availability,
      begin: ['kill in a snapshot', 'slow side']
    })
    assert.equal(report.stops, STOPS.availability)
  }).timeout(LIMIT_MS)

  it('preferred: never two; a stopped Active is silent when it wakes', async () => {
    const report = await play({
      policy: 'preferred',
      seed: SEED + 1,
      peerTimeoutMs: PEER_TIMEOUT_MS,
      stops: STOPS.preferred,
      begin: ['udp blocked', 'tcp blocked']
    })
    assert.equal(report.stops, STOPS.preferred)
  }).timeout(LIMIT_MS)

  it('exclusive: never two, also with a tight peerTimeout', async () => {
    await play({
      policy: 'exclusive',
      seed: SEED + 2,
      peerTimeoutMs: TIGHT_PEER_TIMEOUT_MS,
      stops: 0,
      begin: ['disk full']
    })
  }).timeout(LIMIT_MS)

  it('witness: never two, whatever of the three hosts and the ways between fails', async () => {
    await play(
      { policy: 'witness', seed: SEED + 4, peerTimeoutMs: PEER_TIMEOUT_MS, stops: 0 },
      share(OF_A_BUSY_MACHINE, [])
    )
  }).timeout(LIMIT_MS)
})

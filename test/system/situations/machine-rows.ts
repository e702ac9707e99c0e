/** What can be so on one host, its clock, its files and its flows, and with a third one. */
import type { Row, Seen } from './row'

const critical = { severity: 'critical', alert: 'HaPairCritical' } as const
const attention = { severity: 'warning', alert: 'HaPairAttention' } as const
const noWitness = { severity: 'warning', alert: 'HaPairWitnessLost' } as const
const fine = { severity: 'ok', alert: null, event: null, log: null } as const
const SERVING: Seen = {
  ...fine,
  code: 'serving',
  badge: ['green', 'Active · peer online'],
  says: 'here serves. peer is ready to take over.'
}
const STANDBY: Seen = {
  ...fine,
  code: 'standby',
  badge: ['blue', 'Standby · peer online'],
  says: 'peer serves. here is ready to take over.'
}
const WIRES_DIFFER: Seen = {
  ...critical,
  code: 'wires-differ',
  badge: ['red', 'wires differ · '],
  says: 'One of here and peer uses the classic wire, the other one the extended wire.',
  event: 'warning wires-differ',
  log: 'One of here and peer uses the classic wire'
}
const CLOCKS_DIFFER: Seen = {
  ...attention,
  code: 'clocks-differ',
  badge: ['yellow', 'clocks differ · '],
  // Measured over the link, and to a second or so where both hosts are busy.
  says: 'The clocks of here and peer are ',
  event: 'warning clocks-differ',
  log: 'The clocks of here and peer are '
}

export const MACHINE_ROWS: readonly Row[] = [
  {
    make: 'a starts over without b',
    share: true,
    a: {
      code: 'starting',
      severity: 'info',
      alert: null,
      badge: ['yellow', 'Starting · looking for peer'],
      says: 'here has just started and looks for peer.',
      event: 'started starting',
      log: null
    }
  },
  {
    make: 'other policy on a without b',
    share: true,
    a: {
      ...critical,
      code: 'policy-differs',
      badge: ['red', 'policies differ · Starting'],
      says: 'peer last stated another policy than exclusive, so here takes no role alone.',
      event: 'started starting',
      log: null
    }
  },
  {
    make: 'clock of a set forward, and cut',
    a: {
      ...critical,
      code: 'paused',
      badge: ['red', 'paused · Active'],
      says: 'here is Active and does not serve: its gates stay closed until contact with peer is confirmed.',
      event: 'paused suspended',
      log: 'here pauses: its gates stay closed until contact is confirmed.'
    }
  },
  {
    make: 'clocks set forward',
    a: {
      ...attention,
      code: 'suspended',
      badge: ['yellow', 'was suspended · '],
      says: 'here was suspended, or its clock was set forward, by ',
      event: 'clock suspended',
      log: 'here was suspended, or its clock was set forward, by '
    }
  },
  {
    make: 'clocks set back',
    a: {
      ...attention,
      code: 'clock-set-back',
      badge: ['yellow', 'clock set back · '],
      says: 'The clock of here was set back by ',
      event: 'clock clock-set-back',
      log: 'The clock of here was set back by '
    }
  },
  { make: 'clock of a set forward', a: CLOCKS_DIFFER, b: CLOCKS_DIFFER },
  {
    make: 'engine of a dies',
    a: {
      severity: 'critical',
      alert: 'HaPairEngineSilent',
      code: 'engine-crashed',
      badge: ['red', 'engine crashed · '],
      says: 'The engine of this package has crashed on here and is started again',
      event: 'engine engine-crashed',
      log: 'The engine of this package crashed on here and is started again.'
    }
  },
  {
    make: 'two Node-RED in the folder of a',
    a: {
      ...critical,
      code: 'files-in-use',
      badge: ['red', 'files in use · '],
      says: 'Another process (pid ',
      event: 'warning files-in-use',
      log: 'Another process (pid '
    }
  },
  {
    // Over as soon as the new file is on disk.
    make: 'damaged file on a',
    a: { ...STANDBY, event: 'store store-lost', log: 'The epoch file of here is damaged or cannot be read.' }
  },
  {
    make: 'disk of b takes no writes',
    b: {
      ...attention,
      code: 'store-failed',
      badge: ['yellow', 'disk: no writes · '],
      says: 'here cannot write the epoch to its disk.',
      event: 'store store-failed',
      log: 'here cannot write the epoch to its disk.'
    }
  },
  {
    make: 'file of b written by another',
    b: {
      ...attention,
      code: 'foreign-record',
      badge: ['yellow', 'files used twice · '],
      says: 'Another process writes the files of this pair on here.',
      event: 'store foreign-record',
      log: 'Another process writes the files of this pair on here.'
    }
  },
  {
    make: 'file of a at the end of its numbers',
    a: {
      ...critical,
      code: 'numbers-exhausted',
      badge: ['red', 'epochs used up · '],
      says: 'The epoch file of here is at the end of its range: here takes no role.',
      event: 'store numbers-exhausted',
      log: 'The epoch file of here is at the end of its range.'
    }
  },
  {
    make: 'old file on a',
    a: {
      ...critical,
      code: 'rolled-back',
      badge: ['red', 'old files · '],
      says: 'The files of here are older than what peer has seen of it',
      event: 'mismatch rolled-back',
      log: 'The files of here are older than what peer has seen of it.'
    }
  },
  {
    make: 'file of a on b',
    b: {
      ...attention,
      code: 'cloned-identity',
      badge: ['yellow', 'copied identity · '],
      says: 'here and peer had the same stored identity',
      event: 'mismatch cloned-identity',
      log: 'here and peer had the same stored identity; one has taken a new one.'
    }
  },
  {
    make: 'TCP port of a held',
    a: {
      ...attention,
      code: 'channel-busy',
      badge: ['yellow', 'TCP port in use · '],
      says: 'Another program on here holds the TCP port of the channel',
      event: 'channel channel-busy',
      log: 'Another program on here holds the TCP port of the channel'
    },
    b: {
      ...attention,
      code: 'channel-blocked',
      badge: ['yellow', 'TCP blocked · '],
      says: 'The channel to peer cannot be opened',
      event: 'channel channel-blocked',
      log: 'The channel to peer cannot be opened'
    }
  },
  {
    make: 'b asks where no witness is',
    a: {
      ...noWitness,
      code: 'witness-not-agreed',
      badge: ['yellow', 'no agreed witness · '],
      says: 'here hears the witness, and here and peer have not agreed on it',
      event: 'warning witness-not-agreed',
      log: 'here hears the witness, and here and peer have not agreed on it'
    },
    b: {
      ...noWitness,
      code: 'witness-lost',
      badge: ['yellow', 'witness silent · '],
      says: 'The witness (127.0.0.9:',
      event: null,
      log: null
    }
  },
  {
    make: 'cut with a witness',
    a: {
      ...attention,
      code: 'peer-silent',
      badge: ['yellow', 'peer silent · Active'],
      says: 'here serves. peer is silent, and by the policy witness it does not serve meanwhile',
      event: 'online lost-connection|online half-open',
      log: 'Peer offline: '
    },
    b: {
      ...attention,
      code: 'peer-has-voice',
      badge: ['yellow', 'peer silent · Standby'],
      says: 'here has lost contact with peer, which has the voice of the witness',
      event: 'online lost-connection|online half-open',
      log: 'Peer offline: '
    }
  },
  {
    make: 'third host with the key',
    b: {
      ...attention,
      code: 'third-party',
      badge: ['yellow', 'third host · '],
      says: 'A third host with the same key sends to here; it is ignored.',
      event: 'warning third-party',
      log: 'A third host with the same key sends to here'
    }
  },
  { make: 'classic wire on b', a: WIRES_DIFFER, b: WIRES_DIFFER },
  {
    make: 'other version on b',
    a: {
      ...critical,
      code: 'versions-differ',
      badge: ['red', 'versions differ · '],
      says: 'peer uses another version of the protocol than here.',
      event: 'warning versions-differ',
      log: 'peer uses another version of the protocol than here.'
    }
  },
  {
    make: 'strange host',
    a: {
      ...attention,
      code: 'foreign-host',
      badge: ['yellow', 'foreign host · Active'],
      says: 'Messages come from a host that is not peer; they are rejected.',
      event: 'warning foreign-host',
      log: 'Messages come from a host that is not peer',
      notes: ['no-key']
    }
  },
  {
    make: 'strange bytes',
    a: {
      ...attention,
      code: 'bad-frame',
      badge: ['yellow', 'bad messages · Active'],
      says: 'here receives messages that are not from this pair (not of this protocol); they are rejected.',
      event: 'warning bad-frame',
      log: 'here receives messages that are not from this pair (not of this protocol)'
    }
  },
  {
    make: 'address of nobody on a',
    a: {
      ...critical,
      code: 'link-failed',
      badge: ['red', 'link failed · '],
      says: 'Link 1: here cannot use 192.0.2.7:',
      event: 'warning link-failed',
      log: 'Link 1'
    }
  },
  {
    make: 'same priority on both',
    a: {
      ...attention,
      code: 'same-priority',
      badge: ['yellow', 'same priority · Active'],
      says: 'here and peer have the same priority (100)',
      event: 'warning same-priority',
      log: 'here and peer have the same priority (100)'
    }
  },
  {
    make: 'weak key on both',
    a: {
      ...SERVING,
      event: 'warning weak-key',
      log: 'The key on here is short or easy to guess.',
      notes: ['weak-key']
    }
  },
  { make: 'classic wire on both', a: { ...SERVING, notes: ['classic-wire'] } },
  {
    make: 'a gate more on a',
    a: {
      ...attention,
      code: 'context-differs',
      badge: ['yellow', 'context differs · '],
      says: 'here and peer do not have the same context stores, gates or sync nodes: gate resuming (only ',
      event: 'warning context-differs',
      log: 'here and peer do not have the same context stores, gates or sync nodes'
    }
  },
  {
    make: 'numbers that do not grow',
    a: {
      ...attention,
      code: 'sequence-stuck',
      badge: ['yellow', 'numbers start over · '],
      says: 'The gate counted on here has let nothing of the topic “pump” through for 5 s',
      event: 'warning sequence-stuck',
      log: 'The gate counted on here has let nothing of the topic “pump” through for 5 s'
    }
  },
  {
    make: 'b writes in a loop',
    b: {
      ...attention,
      code: 'standby-writes',
      badge: ['yellow', 'Standby writes · Standby'],
      says: 'A flow on here, which is Standby, writes to context more than 1,000 times in a second (global: count).',
      event: 'warning standby-writes',
      log: 'A flow on here, which is Standby, writes to context more than 1,000 times in a second (global: count).'
    }
  },
  {
    make: 'a writes after the swap',
    a: {
      ...attention,
      code: 'late-writes',
      badge: ['yellow', 'late writes lost · Standby'],
      says: 'Context was written on here after the role had gone to peer (global: count).',
      event: 'warning late-writes',
      log: 'Context was written on here after the role had gone to peer (global: count).'
    }
  }
]

/** What can be so between two sides. */
import type { Row, Seen } from './row'

/** Silence, or acknowledgements that are missing: whichever is noticed first. */
const LOST = 'online lost-connection|online half-open'
const MAY_BE_TWO: Seen = {
  code: 'may-be-two',
  severity: 'critical',
  badge: ['red', 'both Active? · peer silent'],
  says: 'here serves. peer is silent: it has lost power or network, or the link is cut, and then peer may be Active too.',
  event: LOST,
  log: 'Peer offline: ',
  alert: 'HaPairCritical'
}
/** The Standby has taken over. */
const TAKEN_OVER: Seen = {
  ...MAY_BE_TWO,
  event: 'role lost-connection',
  log: 'here took over: nothing was heard from peer for 1 s.'
}
const CUT_OFF: Seen = {
  code: 'cut-off',
  severity: 'critical',
  badge: ['red', 'nobody Active? · peer silent'],
  says: 'here does not serve, and peer is silent. Nobody serves, unless peer still does',
  event: LOST,
  log: 'Peer offline: ',
  alert: 'HaPairCritical'
}
const WRONG_KEY: Seen = {
  code: 'keys-differ',
  severity: 'critical',
  badge: ['red', 'wrong key · Active'],
  says: 'The keys of here and peer differ',
  event: 'warning keys-differ',
  log: 'The keys of here and peer differ',
  alert: 'HaPairCritical'
}
const WERE_BOTH: Seen = {
  code: 'were-both-active',
  severity: 'warning',
  badge: ['yellow', 'were both Active · '],
  says: 'here and peer were both Active from ',
  event: 'conflict peer-active',
  log: 'here and peer were both Active; one yields now.',
  alert: 'HaPairAttention'
}
/** A side that its settings stop tells flows nothing: no node of the pair runs. */
const STOPPED = { code: 'settings-invalid', severity: 'critical', event: null, alert: 'HaPairCritical' } as const
/** Of `a` where its only link leads nowhere, under `availability`: it serves alone. */
const alone = { severity: 'critical', alert: 'HaPairCritical' } as const

export const PAIR_ROWS: readonly Row[] = [
  {
    make: 'nothing',
    share: true,
    a: {
      code: 'serving',
      severity: 'ok',
      badge: ['green', 'Active · peer online'],
      says: 'here serves. peer is ready to take over.',
      event: null,
      log: null,
      alert: null
    },
    b: {
      code: 'standby',
      severity: 'ok',
      badge: ['blue', 'Standby · peer online'],
      says: 'peer serves. here is ready to take over.',
      event: null,
      log: null,
      alert: null
    }
  },
  {
    make: 'swap',
    share: true,
    a: {
      code: 'standby',
      severity: 'ok',
      badge: ['blue', 'Standby · peer online'],
      says: 'peer serves. here is ready to take over.',
      event: 'role operator',
      log: 'here became Standby: an operator switched over to peer.',
      alert: null
    },
    b: {
      code: 'serving',
      severity: 'ok',
      badge: ['green', 'Active · peer online'],
      says: 'here serves. peer is ready to take over.',
      event: 'role designated',
      log: 'here became Active: handed over by peer.',
      alert: null
    }
  },
  {
    make: 'b unfit',
    share: true,
    a: {
      code: 'peer-unfit',
      severity: 'warning',
      badge: ['yellow', 'peer unfit · Active'],
      says: 'here serves. peer is online and cannot take over now (its fitness: 0 of 255).',
      event: null,
      log: null,
      alert: 'HaPairAttention'
    },
    b: {
      code: 'unfit',
      severity: 'warning',
      badge: ['yellow', 'unfit · Standby'],
      says: 'here is not fit to serve (fitness 0)',
      event: null,
      log: null,
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'fitness to and fro',
    a: {
      code: 'roles-flap',
      severity: 'warning',
      badge: ['yellow', 'roles flap · '],
      // At least as often as it was made to: a machine that is busy adds some.
      says: 'The roles changed ',
      event: 'warning roles-flap',
      log: 'The roles changed ',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'kill b',
    share: true,
    a: {
      code: 'peer-crashed',
      severity: 'warning',
      badge: ['yellow', 'peer crashed · Active'],
      says: 'here serves. Node-RED on peer has crashed; its host still answers.',
      event: 'online peer-crashed',
      log: 'Peer offline: Node-RED on peer has crashed; its host still answers.',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'kill a',
    b: {
      code: 'peer-crashed',
      severity: 'warning',
      badge: ['yellow', 'peer crashed · Active'],
      says: 'here serves. Node-RED on peer has crashed; its host still answers.',
      event: 'role peer-crashed',
      log: '[warn] [ha-pair:line 1] line 1: here took over: Node-RED on peer had crashed.',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'stop b',
    share: true,
    a: {
      code: 'peer-stopped',
      severity: 'warning',
      badge: ['yellow', 'peer stopped · Active'],
      says: 'here serves. peer was shut down normally: nobody can take over.',
      event: 'online peer-left',
      log: 'Peer offline: peer was shut down normally.',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'stop a',
    b: {
      code: 'peer-stopped',
      severity: 'warning',
      badge: ['yellow', 'peer stopped · Active'],
      says: 'here serves. peer was shut down normally: nobody can take over.',
      event: 'role peer-left',
      log: '[warn] [ha-pair:line 1] line 1: here took over: peer was shut down normally.',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'pair of b removed',
    a: {
      code: 'peer-removed',
      severity: 'warning',
      badge: ['yellow', 'no pair on peer · Active'],
      says: 'here serves. On peer this pair was removed or stopped, and Node-RED runs on there: nobody can take over.',
      event: 'online peer-removed',
      log: 'Peer offline: this pair was removed, stopped or changed on peer.',
      alert: 'HaPairAttention'
    }
  },
  { make: 'cut', share: true, a: MAY_BE_TWO, b: TAKEN_OVER },
  {
    make: 'cut and heal',
    a: WERE_BOTH,
    b: WERE_BOTH
  },
  {
    make: 'cut exclusive',
    share: true,
    a: {
      ...CUT_OFF,
      event: 'role lease-expired',
      log: '[warn] [ha-pair:line 1] line 1: here stopped serving: peer no longer acknowledged'
    },
    b: CUT_OFF
  },
  {
    make: 'cut preferred',
    a: {
      code: 'peer-silent',
      severity: 'warning',
      badge: ['yellow', 'peer silent · Active'],
      says: 'here serves. peer is silent, and by the policy preferred it does not serve meanwhile',
      event: LOST,
      log: 'Peer offline: ',
      alert: 'HaPairAttention'
    },
    b: CUT_OFF
  },
  {
    make: 'block a to b',
    // The other one has taken over, which `a` hears.
    a: {
      code: 'one-way',
      severity: 'warning',
      alert: 'HaPairAttention',
      badge: ['yellow', 'one-way link · Standby'],
      says: 'here hears peer, and peer does not hear here: one direction is blocked.',
      event: 'warning one-way',
      log: 'here hears peer, and peer does not hear here: one direction is blocked.'
    },
    b: TAKEN_OVER
  },
  {
    make: 'cut one of two links',
    a: {
      code: 'link-down',
      severity: 'warning',
      badge: ['yellow', 'link 2 down · '],
      says: 'Link 2 to peer is down',
      event: 'warning link-down',
      log: 'Link 2 to peer is down',
      alert: 'HaPairAttention'
    }
  },
  { make: 'wrong key on b', share: true, a: WRONG_KEY, b: WRONG_KEY },
  {
    make: 'no key on b',
    a: {
      ...alone,
      code: 'peer-has-no-key',
      badge: ['red', 'peer has no key · Active'],
      says: 'peer sends without a key; here has one.',
      event: 'warning peer-has-no-key',
      log: 'peer sends without a key; here has one.'
    },
    b: {
      ...alone,
      code: 'peer-has-key',
      badge: ['red', 'no key here · Active'],
      says: 'peer sends with a key; here has none.',
      event: 'warning peer-has-key',
      log: 'peer sends with a key; here has none.'
    }
  },
  {
    make: 'own address on a',
    a: {
      ...alone,
      code: 'own-address',
      badge: ['red', 'own address · '],
      says: 'here receives what it has sent itself',
      event: 'warning own-address',
      log: 'here receives what it has sent itself'
    }
  },
  {
    make: 'port of a held',
    a: {
      ...alone,
      code: 'port-in-use',
      badge: ['red', 'port in use · '],
      says: 'Link 1, port: another program on here holds ',
      event: 'warning port-in-use',
      log: 'Link 1: the local port is in use.'
    }
  },
  {
    make: 'two pairs on a',
    a: {
      ...alone,
      code: 'port-held-here',
      badge: ['red', 'port used twice · '],
      says: 'Link 1, port: another pair of this same Node-RED on here (line 2) holds ',
      event: 'warning port-held-here',
      log: 'Link 1, port: another pair of this same Node-RED on here (line 2) holds '
    }
  },
  {
    make: 'unknown name on a',
    a: {
      ...alone,
      code: 'host-not-found',
      badge: ['red', 'name not found · '],
      says: 'Link 1: the name nobody.invalid:',
      event: 'warning host-not-found',
      log: 'Link 1: a name does not resolve.'
    }
  },
  {
    make: 'no zone on a',
    a: {
      ...alone,
      code: 'zone-missing',
      badge: ['red', 'no IPv6 zone · '],
      says: 'Link 1: the address fe80::1 begins with fe80 and needs the interface behind it.',
      event: 'warning zone-missing',
      log: 'Link 1: the address fe80::1 begins with fe80'
    }
  },
  {
    make: 'loopback on a',
    a: {
      ...alone,
      code: 'loopback-address',
      badge: ['red', 'loopback address · '],
      says: 'Link 1: 127.0.1.1 is an address inside here only.',
      event: 'warning loopback-address',
      log: 'Link 1: 127.0.1.1 is an address inside here only.'
    }
  },
  {
    make: 'tab of a disabled',
    share: true,
    a: {
      code: 'unused',
      severity: 'critical',
      // No node is there to show one.
      badge: ['red', ''],
      says: 'here is Active, and no enabled node on here uses this pair: nobody acts.',
      event: null,
      log: 'here is Active, and no enabled node on here uses this pair: nobody acts.',
      alert: 'HaPairCritical'
    }
  },
  {
    make: 'restart a alone',
    a: {
      ...alone,
      code: 'never-met',
      badge: ['red', 'both Active? · no peer yet'],
      says: 'here serves. peer has not answered since here started; if it runs, it may be Active too.',
      event: 'role cannot-negotiate',
      log: 'here became Active: peer had not answered since the start.'
    }
  },
  {
    make: 'restart a alone, exclusive',
    a: {
      ...alone,
      code: 'waiting',
      badge: ['red', 'nobody Active? · no peer'],
      says: 'here does not serve and waits for peer, which does not answer',
      event: 'started starting',
      log: null
    }
  },
  {
    make: 'crash both, start a, preferred',
    a: {
      ...alone,
      code: 'peer-may-serve',
      badge: ['red', 'nobody Active? · peer silent'],
      says: 'here had ended without a goodbye while peer was online: peer may serve, so here waits for it.',
      event: 'started starting',
      log: null
    }
  },
  {
    make: 'both to standby',
    a: {
      ...alone,
      code: 'nobody-serves',
      badge: ['red', 'nobody Active · Standby'],
      says: 'Nobody serves: neither here nor peer is Active.',
      event: 'role operator-forced',
      log: 'here became Standby: an operator forced it'
    }
  },
  {
    make: 'a to standby without b',
    a: {
      ...alone,
      code: 'stood-down',
      badge: ['red', 'nobody Active? · by operator'],
      says: 'An operator made here Standby, and peer is not heard',
      event: 'role operator-forced',
      log: 'here became Standby: an operator forced it'
    }
  },
  {
    make: 'other policy on a',
    a: {
      code: 'settings-differ',
      severity: 'warning',
      badge: ['yellow', 'settings differ · '],
      says: 'here and peer differ in Policy (preferred / availability).',
      event: 'mismatch settings-differ',
      log: 'here and peer differ in Policy (preferred / availability).',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'other flows on a',
    a: {
      code: 'flows-differ',
      severity: 'warning',
      badge: ['yellow', 'flows differ · Active'],
      says: 'here and peer run different flows.',
      event: 'warning flows-differ',
      log: 'here and peer run different flows.',
      alert: 'HaPairAttention'
    }
  },
  {
    make: 'wrong heartbeat on a',
    share: true,
    a: {
      ...STOPPED,
      badge: ['red', 'stopped: Heartbeat: 1 is not in 5 .. 60000'],
      says: 'The pair is stopped on here: wrong settings.',
      log: 'stays stopped: Heartbeat: 1 is not in 5 .. 60000'
    }
  },
  {
    make: 'no key on a',
    a: {
      ...STOPPED,
      code: 'key-missing',
      badge: ['red', 'stopped: Key is missing'],
      says: 'The pair is stopped on here: it needs a key and has none.',
      log: 'stays stopped: Key is missing'
    }
  }
]

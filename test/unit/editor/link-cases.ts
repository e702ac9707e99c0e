/** Links of every kind of address, singly and in pairs: what the dialog and the running pair have to judge alike. */
import type { LinkSettings } from '../../../src/protocol/settings'

const HOSTS = ['10.0.0.2', '127.0.0.1', '127.8.8.8', 'localhost', 'LOCALHOST', '::1', 'fe80::1', 'peer', '0.0.0.0']
const LOCAL_HOSTS = ['', '0.0.0.0', '::', '127.0.0.1', '::1', '10.0.0.2', 'localhost', 'peer']
const PORTS: readonly (number | string)[] = [1101, '1101', 1102, 0, 65536, 'x']

type TypedLink = { readonly [field in keyof LinkSettings]: number | string }

const link = (
  peerHost: string,
  localHost: string,
  peerPort: number | string,
  localPort: number | string
): TypedLink => ({
  peerHost,
  peerPort,
  localHost,
  localPort
})

export function addressCases(): TypedLink[][] {
  const single = HOSTS.flatMap((peer) =>
    LOCAL_HOSTS.flatMap((local) => PORTS.map((port) => [link(peer, local, 1101, port)]))
  )
  const double = LOCAL_HOSTS.flatMap((first) =>
    LOCAL_HOSTS.flatMap((second) =>
      ['10.0.0.3', 'fe80::3'].flatMap((peer) =>
        [5001, 5002].map((port) => [link('10.0.0.4', first, 1101, 5001), link(peer, second, 1101, port)])
      )
    )
  )
  const wrong = [[], [link('', '', 1101, 1101)]]
  const many = Array.from({ length: 5 }, (_, index) => link('10.0.0.2', '', 1101, 6000 + index))
  return [...single, ...double, ...wrong, many.slice(0, 4), many]
}

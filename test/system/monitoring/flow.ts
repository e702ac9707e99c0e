/** The pair's flow with a health endpoint, each side on a loopback address of its own, and something for clients to ask. */
import { type FlowNode, func, pairFlow } from '../../support/node-red/flow'

export const HEALTH_PATH = '/ha-pair'
const PLACE = { z: 'tab', x: 100, y: 100 } as const

/**
 * Beside what `pairFlow` has: GET /work is answered by the side that serves, with its name and epoch; the other one says
 * 503 at its gate. The environment: SIDE, LOCAL_HOST and PEER_HOST.
 */
export function monitoredFlow(settings: Readonly<Record<string, unknown>> = {}): FlowNode[] {
  const link = {
    peerHost: '${PEER_HOST}',
    peerPort: '${PEER_PORT}',
    localHost: '${LOCAL_HOST}',
    localPort: '${LOCAL_PORT}'
  }
  return [
    ...pairFlow({ links: [link], healthPath: '${HEALTH_PATH}', ...settings }),
    { id: 'work-in', ...PLACE, type: 'http in', method: 'get', url: '/work', wires: [['front-gate']] },
    {
      id: 'front-gate',
      ...PLACE,
      type: 'ha-pair-gate',
      name: '',
      pair: 'pair',
      whenClosed: 'second-output',
      wires: [['worked'], ['refused-work']]
    },
    func('worked', "msg.payload = { side: env.get('SIDE'), epoch: msg.pair.epoch }\nreturn msg", [['answer']]),
    func('refused-work', "msg.statusCode = 503\nmsg.payload = { side: env.get('SIDE') }\nreturn msg", [['answer']])
  ]
}

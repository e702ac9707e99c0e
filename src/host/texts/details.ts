/**
 * What the fields of each event's detail hold, where the name does not say it. `docs/reference/EVENTS.md` is made from here: a field without an
 * entry does not compile, nor does an entry without a field.
 */
import type { NoDetail } from '../../protocol/events'
import type { EventName, PairEvent } from '../events'
import { NOTHING, type Text } from './text'

type FieldsOf<Detail> = Detail extends unknown ? keyof Detail & string : never
type Details = {
  readonly [N in EventName]: Readonly<Record<FieldsOf<Extract<PairEvent, { event: N }>['detail']>, Text>> & NoDetail
}

const CLASSIC: Text = { en: 'classic wire', zh: '经典线路' }
const LINK: Text = { en: '0 is the first', zh: '0 为第一条' }
const ERROR: Text = { en: 'what the system says', zh: '系统给出的错误' }
const NOTICED_AFTER: Text = { en: 'when a crash is noticed without the channel', zh: '没有通道时多久才能发现崩溃' }
const SETTING: Text = { en: 'names of settings', zh: '配置名称' }
const VALUES: Text = { en: 'their values here, in the same order', zh: '本侧的值，顺序相同' }
const PEER_VALUES: Text = { en: 'their values at the peer, in the same order', zh: '对端的值，顺序相同' }
const JUMP: Text = { en: 'negative = back', zh: '负值表示向后' }
const CAUSE: Text = {
  en: 'see [causes](../operating/MONITORING.md#why-datagrams-are-dropped)',
  zh: '见[丢弃的原因](../operating/MONITORING.md#why-datagrams-are-dropped)（英文）'
}
const FRAME: Details['frame-sent'] = {
  link: LINK,
  head: { en: 'what kind of frame', zh: '帧的种类' },
  state: { en: 'the sender’s role', zh: '发送方的角色' },
  id: NOTHING,
  value: NOTHING
}
const WARNING: Details['warning'] = {
  error: ERROR,
  holder: { en: 'which process', zh: '哪个进程' },
  from: { en: 'ms since 1970', zh: '自 1970 年起的毫秒数' },
  to: { en: 'the same', zh: '同上' },
  pair: { en: 'name of the other pair', zh: '另一个双机对的名称' },
  address: { en: 'what the name stands for', zh: '该名称对应的地址' },
  changes: NOTHING,
  minutes: NOTHING,
  cause: CAUSE,
  link: LINK,
  place: { en: 'where to look: an address of this side, or the peer’s name', zh: '查看之处：本侧地址或对端主机名' },
  differ: SETTING,
  here: VALUES,
  peer: { en: 'their values at the peer, or its address', zh: '对端的值，或对端地址' },
  down: { en: 'links that are down', zh: '中断的链路' },
  places: { en: 'where they lead', zh: '它们通向的地址' },
  of: { en: 'how many there are', zh: '链路总数' },
  noticedAfter: NOTICED_AFTER,
  priority: NOTHING,
  node: { en: 'which gate', zh: '哪个闸门' },
  topic: NOTHING,
  scope: { en: 'flow or node whose context it is', zh: '所属的流程或节点' },
  key: { en: 'one of the keys', zh: '其中一个键' },
  count: { en: 'how many writes', zh: '写入次数' },
  ms: JUMP,
  peerAheadS: { en: 's, negative = behind', zh: '秒，负值表示落后' },
  fields: { en: 'names of fields with a weak key', zh: '弱密钥所在的字段' }
}

export const DETAILS: Details = {
  witness: {},
  started: { epoch: NOTHING },
  stopped: { fields: { en: 'settings that are wrong', zh: '有误的配置' } },
  role: { role: NOTHING, previousRole: NOTHING, epoch: NOTHING },
  online: { online: NOTHING },
  link: {
    link: LINK,
    up: { en: 'frames pass both ways', zh: '双向报文通过' },
    open: { en: 'the socket is open', zh: '套接字已打开' },
    error: ERROR,
    from: { en: 'the peer’s address before', zh: '对端原地址' },
    to: { en: 'and now', zh: '对端新地址' }
  },
  designate: {
    to: { en: '`self` or `peer`: who gets the role', zh: '`self` 或 `peer`：角色给谁' },
    epoch: NOTHING,
    id: { en: 'of the frame', zh: '帧的编号' },
    role: CLASSIC,
    value: CLASSIC,
    confirmed: CLASSIC
  },
  negotiate: { outcome: CLASSIC, token: CLASSIC, peerToken: CLASSIC },
  loss: { lost: NOTHING, lostInARow: NOTHING },
  conflict: { epoch: NOTHING, peerEpoch: NOTHING, token: CLASSIC },
  reasserted: { epoch: NOTHING, token: CLASSIC },
  yielded: { epoch: NOTHING, peerEpoch: NOTHING, token: CLASSIC },
  handover: {
    phase: { en: '`asking`: it begins', zh: '`asking`：开始' },
    role: CLASSIC,
    because: {
      en: 'why it failed: a reason code, or an error of `ha-pair-designate`',
      zh: '失败原因：原因代码，或 `ha-pair-designate` 的错误代码'
    }
  },
  paused: { ms: NOTHING },
  resumed: { epoch: NOTHING },
  'host-stalled': { stalled: NOTHING },
  engine: {
    error: ERROR,
    stack: { en: 'where in the code, if that is known', zh: '出错的代码位置（若已知）' }
  },
  store: {
    problem: { en: '`missing`, `damaged` or `unreadable`', zh: '`missing`、`damaged` 或 `unreadable`' },
    error: ERROR
  },
  mismatch: { differ: SETTING, here: VALUES, peer: PEER_VALUES },
  rejected: { cause: CAUSE, count: NOTHING, link: LINK },
  clock: { ms: JUMP },
  warning: WARNING,
  'warning-ended': WARNING,
  channel: { open: NOTHING, address: NOTHING, port: NOTHING, noticedAfter: NOTICED_AFTER, error: ERROR },
  'second-peer': {},
  'proof-wrong': { role: NOTHING, epoch: NOTHING },
  'frame-sent': FRAME,
  'frame-received': FRAME
}

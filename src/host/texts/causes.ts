/** Why a datagram was rejected, in words. */
import type { FrameRejection } from '../../protocol/wire/frame'
import type { Text } from './text'

const INVALID: Text = { en: 'not of this protocol', zh: '不是本协议的报文' }

export const CAUSES: Readonly<Record<FrameRejection, Text>> = {
  short: INVALID,
  long: INVALID,
  magic: INVALID,
  head: INVALID,
  state: INVALID,
  field: { en: 'a value out of range', zh: '数值超出范围' },
  foreign: { en: 'from another host', zh: '来自其他主机' },
  unsealed: { en: 'classic wire', zh: '经典线路' },
  sealed: { en: 'extended wire', zh: '扩展线路' },
  version: { en: 'another version of this package', zh: '本软件包版本不同' },
  unkeyed: { en: 'no key', zh: '没有密钥' },
  key: { en: 'wrong key', zh: '密钥错误' },
  seal: { en: 'damaged, or sealed with another key', zh: '已损坏，或使用其他密钥签名' },
  intake: { en: 'too many at once', zh: '同时到达过多' },
  reflected: { en: 'sent by this side itself', zh: '由本侧自己发出' },
  session: { en: 'of another session', zh: '属于其他会话' },
  replayed: { en: 'received before', zh: '重复收到' },
  'third-party': { en: 'from a third host with the same key', zh: '来自持有相同密钥的第三台主机' }
}

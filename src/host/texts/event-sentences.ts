/** The sentences of `happened.ts`, by event and reason; what is missing has the reason's own text. */
import type { PairEvent } from '../events'
import type { ReasonCode } from '../../protocol/reasons'
import type { Text } from './text'

type By = Readonly<Partial<Record<ReasonCode, Text>>>
type Each<N extends PairEvent['event']> = Readonly<Record<Extract<PairEvent, { readonly event: N }>['reason'], Text>>

export const OFFLINE: By = {
  'lost-connection': {
    en: 'Peer offline: nothing was heard from {peer} for {after}.',
    zh: '对端离线：{after}内未收到 {peer} 的任何报文。'
  },
  'peer-crashed': {
    en: 'Peer offline: Node-RED on {peer} has crashed; its host still answers.',
    zh: '对端离线：{peer} 上的 Node-RED 已崩溃，主机仍有应答。'
  },
  'peer-left': { en: 'Peer offline: {peer} was shut down normally.', zh: '对端离线：{peer} 已正常停止。' },
  'peer-removed': {
    en: 'Peer offline: this pair was removed, stopped or changed on {peer}.',
    zh: '对端离线：{peer} 上的该对已被移除、停用或更改。'
  },
  'peer-restarted': { en: '{peer} has restarted.', zh: '{peer} 已重启。' },
  'receipts-lost': {
    en: 'Peer offline: {peer} left too many messages unanswered.',
    zh: '对端离线：{peer} 未应答的报文过多。'
  },
  'half-open': {
    en: 'Peer offline: {peer} is heard and does not hear {here}.',
    zh: '对端离线：能收到 {peer}，但 {peer} 收不到 {here}。'
  },
  'link-failed': { en: 'Peer offline: {here} cannot use its link.', zh: '对端离线：{here} 的链路不可用。' },
  'restored-copy': {
    en: 'Peer offline: {here} begins again, for it is a restored or second copy.',
    zh: '对端离线：{here} 是恢复的或多余的副本，重新开始。'
  },
  'engine-crashed': {
    en: 'Peer offline: the engine of this package crashed on {here}.',
    zh: '对端离线：{here} 上本软件包的引擎崩溃。'
  }
}

export const LINK: By = {
  'address-changed': {
    en: 'Link {link}: {peer} now comes from {to} instead of {from}.',
    zh: '链路 {link}：{peer} 的地址由 {from} 变为 {to}。'
  },
  'link-open': { en: 'Link {link}: the local port is open.', zh: '链路 {link}：本地端口已打开。' },
  'port-in-use': { en: 'Link {link}: the local port is in use.', zh: '链路 {link}：本地端口被占用。' },
  'host-not-found': { en: 'Link {link}: a name does not resolve.', zh: '链路 {link}：无法解析主机名。' },
  'half-open': { en: 'Link {link} down: one direction is blocked.', zh: '链路 {link} 中断：有一个方向被阻断。' },
  'peer-silent': { en: 'Link {link} down: {peer} is not heard on it.', zh: '链路 {link} 中断：收不到 {peer}。' }
}

export const HANDOVER: By = {
  operator: { en: 'A handover began: an operator asked for it.', zh: '切换开始：操作员指令。' },
  failback: {
    en: 'A handover began: the host with the higher priority takes its role back.',
    zh: '切换开始：优先级较高的主机收回角色。'
  },
  'less-fit': {
    en: 'A handover began: the Active is less fit to serve than its peer.',
    zh: '切换开始：主的适合度低于对端。'
  },
  'host-stalled': { en: 'A handover began: the flows of the Active are blocked.', zh: '切换开始：主的流程阻塞。' }
}

export const CHANNEL: Each<'channel'> = {
  'channel-open': {
    en: 'The channel to {peer} is open: a crash of {peer} is noticed at once.',
    zh: '到 {peer} 的通道已打开：{peer} 崩溃会立即被发现。'
  },
  'channel-lost': {
    en: 'The channel to {peer} is lost: a crash of {peer} is noticed after {after}.',
    zh: '到 {peer} 的通道已断开：{peer} 崩溃要到 {after}后才能发现。'
  },
  'channel-blocked': {
    en: 'The channel to {peer} cannot be opened: a crash of {peer} is noticed after {after}.',
    zh: '无法打开到 {peer} 的通道：{peer} 崩溃要到 {after}后才能发现。'
  },
  'channel-busy': {
    en: 'Another program on {here} holds the TCP port of the channel: a crash of {here} is noticed after {after}.',
    zh: '{here} 上的其他程序占用了通道的 TCP 端口：{here} 崩溃要到 {after}后才会被发现。'
  },
  'addresses-differ': {
    en: 'The channel to {peer} passes an address translation (NAT): a crash of {peer} is noticed after {after}.',
    zh: '到 {peer} 的通道经过地址转换（NAT）：{peer} 崩溃要到 {after}后才能发现。'
  }
}

export const STORE: Each<'store'> = {
  'store-new': {
    en: '{here} has no stored epoch: its first start, or its user directory was emptied.',
    zh: '{here} 没有存储的 epoch：首次启动，或用户目录已被清空。'
  },
  'store-lost': {
    en: 'The epoch file of {here} is damaged or cannot be read.',
    zh: '{here} 的 epoch 文件损坏或无法读取。'
  },
  'store-failed': { en: '{here} cannot write the epoch to its disk.', zh: '{here} 无法将 epoch 写入磁盘。' },
  'foreign-record': {
    en: 'Another process writes the files of this pair on {here}.',
    zh: '另一个进程在写 {here} 上该对的文件。'
  },
  'numbers-exhausted': {
    en: 'The epoch file of {here} is at the end of its range.',
    zh: '{here} 的 epoch 文件已到上限。'
  },
  revalidated: { en: 'The disk of {here} takes the epoch again.', zh: '{here} 的磁盘恢复写入 epoch。' }
}

export const WITNESS: Each<'witness'> = {
  'witness-heard': { en: 'The witness answers {here}.', zh: '见证对 {here} 有应答。' },
  'witness-lost': {
    en: 'The witness does not answer {here} any more. The pair goes on; if {here} and {peer} lose each other now too, nobody serves.',
    zh: '见证不再应答 {here}。双机对继续运行；若此时 {here} 与 {peer} 也失去联系，则无人服务。'
  },
  'witness-agreed': {
    en: '{here} and {peer} have agreed on the witness: its voice counts from now on.',
    zh: '{here} 与 {peer} 已就见证达成一致：它的一票从现在起计入。'
  },
  'witness-changed': {
    en: 'Another witness answers {here} under the same address: it lost its files, or there are two of them.',
    zh: '同一地址上应答 {here} 的是另一个见证：它丢失了文件，或存在两个。'
  }
}

export const OTHERS = {
  started: { en: '{here} started this pair.', zh: '{here} 启动了该对。' },
  shutDown: { en: 'Node-RED on {here} is shutting down.', zh: '{here} 的 Node-RED 正在停止。' },
  removed: {
    en: 'The pair left {here}: it was removed, or its settings changed.',
    zh: '该对离开 {here}：已被移除或配置已更改。'
  },
  wrongSettings: { en: 'Stopped: wrong settings ({list}).', zh: '已停止：配置有误（{list}）。' },
  online: { en: 'Peer online: {here} and {peer} hear each other.', zh: '对端在线：{here} 与 {peer} 互相可达。' },
  offline: { en: 'Peer offline: {peer}.', zh: '对端离线：{peer}。' },
  linkUp: { en: 'Link {link} up.', zh: '链路 {link} 连通。' },
  linkDown: { en: 'Link {link} down.', zh: '链路 {link} 中断。' },
  stalled: { en: 'The flows on {here} are blocked.', zh: '{here} 上的流程阻塞。' },
  unstalled: { en: 'The flows on {here} run again.', zh: '{here} 上的流程恢复运行。' },
  rejectedOne: { en: '1 message rejected: {cause}.', zh: '拒绝 1 个报文：{cause}。' },
  rejected: { en: '{count} messages rejected: {cause}.', zh: '拒绝 {count} 个报文：{cause}。' },
  agreed: { en: 'Roles agreed with {peer}.', zh: '与 {peer} 商定角色。' },
  peerRestarted: { en: '{peer} has restarted.', zh: '{peer} 已重启。' },
  raised: { en: 'Epoch raised to {epoch} after {peer} restarted.', zh: '{peer} 重启后，epoch 提升至 {epoch}。' },
  stays: { en: '{here} stays Active, with the newer epoch {epoch}.', zh: '{here} 保持为主，epoch 提升至 {epoch}。' },
  handedHere: { en: '{peer} hands the role over to {here}.', zh: '{peer} 将角色移交给 {here}。' },
  handedOn: { en: '{here} hands the role over to {peer}.', zh: '{here} 将角色移交给 {peer}。' },
  taken: { en: '{peer} has taken its role.', zh: '{peer} 已接受角色。' },
  handoverBroken: { en: 'The handover was broken off.', zh: '切换已中止。' },
  paused: {
    en: '{here} pauses: its gates stay closed until contact is confirmed.',
    zh: '{here} 暂停：联系确认之前，闸门保持关闭。'
  },
  resumed: { en: '{here} serves again.', zh: '{here} 恢复服务。' },
  loss: {
    en: 'A message to {peer} stayed unanswered, {lostInARow} in a row.',
    zh: '发往 {peer} 的报文未获应答，连续 {lostInARow} 次。'
  },
  conflict: {
    en: '{here} and {peer} were both Active; one yields now.',
    zh: '{here} 和 {peer} 同时为主，其中一方即将让位。'
  },
  'second-peer': {
    en: 'A second process with the right key speaks to {here}, beside {peer}.',
    zh: '除 {peer} 外，另有持有正确密钥的进程与 {here} 通信。'
  },
  'proof-wrong': {
    en: '{peer} lives, though its crash had seemed proved: {here} steps back.',
    zh: '{peer} 仍存活，先前的崩溃判定有误：{here} 让位。'
  },
  'engine-crashed': {
    en: 'The engine of this package crashed on {here} and is started again.',
    zh: '{here} 上本软件包的引擎崩溃，正在重启。'
  },
  'engine-restarted': { en: 'The engine of this package runs again on {here}.', zh: '{here} 上本软件包的引擎已恢复。' },
  'settings-differ': { en: '{here} and {peer} have different settings.', zh: '{here} 和 {peer} 的配置不一致。' },
  'settings-agree': {
    en: 'The settings of {here} and {peer} are the same again.',
    zh: '{here} 和 {peer} 的配置重新一致。'
  },
  'flows-differ': { en: '{here} and {peer} run different flows.', zh: '{here} 和 {peer} 运行的流程不一致。' },
  'flows-agree': { en: '{here} and {peer} run the same flows again.', zh: '{here} 和 {peer} 运行的流程重新一致。' },
  'cloned-identity': {
    en: '{here} and {peer} had the same stored identity; one has taken a new one.',
    zh: '{here} 和 {peer} 存储的标识相同，其中一侧已更换。'
  },
  'rolled-back': {
    en: 'The files of {here} are older than what {peer} has seen of it.',
    zh: '{here} 的文件比 {peer} 所见的更旧。'
  },
  'restored-copy': {
    en: '{here} is a restored or second copy: {peer} answered what it never sent.',
    zh: '{here} 是恢复的或多余的副本：{peer} 应答了它从未发送的内容。'
  }
} as const satisfies Readonly<Record<string, Text>>

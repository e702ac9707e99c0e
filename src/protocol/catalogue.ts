/**
 * The one catalogue of reason codes and events. Everything that changes a role, an online state or a setting names one
 * of these. `wire` is the byte that travels in the extended trailer: never renumber, only append.
 */

interface Reason {
  readonly wire: number
  readonly en: string
  readonly zh: string
}

export const REASONS = {
  none: { wire: 0, en: 'Nothing to report.', zh: '无。' },
  starting: {
    wire: 1,
    en: 'The pair has just started and has not met its brother.',
    zh: '刚启动，尚未与兄弟节点联系。'
  },
  'cannot-negotiate': {
    wire: 2,
    en: 'No brother answered since the start, so this side took the role.',
    zh: '启动后兄弟节点一直无应答，本侧激活。'
  },
  negotiated: { wire: 3, en: 'The two sides agreed on their roles.', zh: '双方协商确定了角色。' },
  designated: { wire: 4, en: 'The brother designated this role.', zh: '由兄弟节点指派。' },
  operator: { wire: 5, en: 'An operator asked for it.', zh: '操作员指令。' },
  'operator-forced': {
    wire: 6,
    en: 'An operator forced it without the brother’s consent.',
    zh: '操作员强制执行，未经兄弟节点确认。'
  },
  'lost-connection': {
    wire: 7,
    en: 'Nothing was heard from the brother for the whole peerTimeout.',
    zh: '在 peerTimeout 内未收到兄弟节点的任何报文。'
  },
  'brother-crashed': {
    wire: 8,
    en: 'The brother’s host answers that nobody listens there any more: its process has died.',
    zh: '兄弟主机回应端口不可达：其进程已终止。'
  },
  'brother-left': { wire: 9, en: 'The brother said goodbye: it was stopped in order.', zh: '兄弟节点已正常退出。' },
  'brother-restarted': { wire: 10, en: 'The brother restarted and lost its role.', zh: '兄弟节点已重启，失去原角色。' },
  'brother-active': { wire: 11, en: 'The brother is Active already.', zh: '兄弟节点已是主。' },
  'higher-epoch': {
    wire: 12,
    en: 'Both were Active; the brother holds the newer epoch, so this side yielded.',
    zh: '双主冲突：兄弟节点的 epoch 更新，本侧让位。'
  },
  'tie-break': {
    wire: 13,
    en: 'Both were Active with equal rights; priority and identity decided.',
    zh: '双主冲突且权利相同：由优先级和标识决定。'
  },
  'lease-expired': {
    wire: 14,
    en: 'The brother stopped acknowledging, and this policy forbids acting without that.',
    zh: '兄弟节点停止确认，按本策略不得继续服务。'
  },
  'brother-heard': { wire: 15, en: 'The brother is heard, and hears this side.', zh: '双方互相可达。' },
  'receipts-lost': {
    wire: 16,
    en: 'More than lossLimit frames in a row went unanswered.',
    zh: '连续未应答的帧数超过 lossLimit。'
  },
  'half-open': {
    wire: 17,
    en: 'Frames pass in one direction only; that counts as down.',
    zh: '链路仅单向可达，视为断开。'
  },
  failback: { wire: 18, en: 'The higher-priority side took its role back.', zh: '高优先级一侧收回角色。' },
  'less-fit': { wire: 19, en: 'The other side is fitter to serve.', zh: '另一侧更适合服务。' },
  'host-stalled': {
    wire: 20,
    en: 'The flows’ event loop was blocked for longer than stallLimit.',
    zh: '流程事件循环阻塞超过 stallLimit。'
  },
  'handover-aborted': {
    wire: 21,
    en: 'The handover was not taken up in time.',
    zh: '切换未在限定时间内完成，已中止。'
  },
  'own-stall': { wire: 22, en: 'This engine itself did not run for a while.', zh: '本侧引擎曾停顿。' },
  suspended: { wire: 23, en: 'This machine was suspended, or its clock jumped.', zh: '本机曾挂起或时钟跳变。' },
  revalidated: { wire: 24, en: 'Contact was confirmed again after a pause.', zh: '停顿后已重新确认联系。' },
  'not-ready': { wire: 25, en: 'The brother is not ready to serve.', zh: '兄弟节点尚未就绪。' },
  'engine-crashed': {
    wire: 26,
    en: 'The engine’s thread died and is being restarted.',
    zh: '引擎线程终止，正在重启。'
  },
  'engine-restarted': { wire: 27, en: 'The engine’s thread runs again.', zh: '引擎线程已恢复。' },
  'store-lost': {
    wire: 28,
    en: 'The stored epoch is damaged or cannot be read; counting starts from what the brother tells.',
    zh: '存储的 epoch 损坏或无法读取，将以兄弟节点告知的为准。'
  },
  'store-failed': { wire: 29, en: 'The epoch could not be written to disk.', zh: '无法将 epoch 写入磁盘。' },
  'settings-invalid': { wire: 30, en: 'A setting is missing or out of range.', zh: '配置缺失或超出范围。' },
  'port-in-use': {
    wire: 31,
    en: 'The local port is taken by another program; it is tried again.',
    zh: '本地端口被占用，正在重试。'
  },
  'host-not-found': {
    wire: 32,
    en: 'The brother’s name does not resolve; it is tried again.',
    zh: '无法解析兄弟主机名，正在重试。'
  },
  'link-failed': {
    wire: 33,
    en: 'The link’s socket failed; it is opened again.',
    zh: '链路套接字出错，正在重新打开。'
  },
  'link-open': { wire: 34, en: 'The link’s socket is open.', zh: '链路套接字已打开。' },
  removed: { wire: 35, en: 'The pair was removed or its settings changed.', zh: '该对已被移除或配置已更改。' },
  shutdown: { wire: 36, en: 'Node-RED is stopping.', zh: 'Node-RED 正在停止。' },
  'bad-frame': { wire: 37, en: 'Datagrams arrived that are not valid frames of this pair.', zh: '收到无效报文。' },
  'settings-differ': {
    wire: 38,
    en: 'The brother runs with other settings or other flows.',
    zh: '兄弟节点的配置或流程不一致。'
  },
  'cloned-identity': {
    wire: 39,
    en: 'Both sides carried the same stored identity (a copied user directory); one took a new one.',
    zh: '双方存储的标识相同（用户目录被复制），其中一侧已更换。'
  },
  'third-party': {
    wire: 40,
    en: 'A third side with the same key speaks on this link; it is ignored.',
    zh: '链路上出现持有相同密钥的第三方，已忽略。'
  },
  'brother-behind': {
    wire: 41,
    en: 'The brother had seen a newer epoch than the Active held; the Active took a newer one.',
    zh: '兄弟节点见过更新的 epoch，主侧已提升其 epoch。'
  },
  'store-new': {
    wire: 44,
    en: 'No stored epoch was found: this is the first start, or the file was removed.',
    zh: '未找到存储的 epoch：首次启动，或文件已被删除。'
  },
  damped: {
    wire: 45,
    en: 'The side that took its role back failed again soon; the next fail-back waits longer.',
    zh: '收回角色的一侧很快再次失效；下次自动回切将延后。'
  },
  'brother-silent': { wire: 42, en: 'The brother does not answer.', zh: '兄弟节点无应答。' },
  'larger-token': {
    wire: 43,
    en: 'Both were Active on the classic wire; the side with the larger token kept the role.',
    zh: '经典线路双主冲突：令牌较大的一侧保持为主。'
  }
} as const satisfies Record<string, Reason>

export type ReasonCode = keyof typeof REASONS

const byWire: ReadonlyMap<number, ReasonCode> = new Map(
  (Object.keys(REASONS) as ReasonCode[]).map((code) => [REASONS[code].wire, code])
)

/** Source: extended trailer, byte `reason`. An unknown byte (a newer brother) reads as `none`. */
export function reasonFromWire(byte: number): ReasonCode {
  return byWire.get(byte) ?? 'none'
}

interface EventText {
  readonly en: string
  readonly zh: string
}

export const EVENTS = {
  started: { en: 'The pair started.', zh: '双机对已启动。' },
  stopped: { en: 'The pair stopped.', zh: '双机对已停止。' },
  role: { en: 'This side’s role changed.', zh: '本侧角色改变。' },
  online: { en: 'The brother came online or went offline.', zh: '兄弟节点上线或离线。' },
  link: { en: 'A link came up or went down.', zh: '链路连通或中断。' },
  designate: { en: 'A designation was sent, received or confirmed.', zh: '发送、收到或确认指派。' },
  negotiate: { en: 'A negotiation took place.', zh: '进行了协商。' },
  loss: { en: 'A frame stayed unanswered.', zh: '有帧未获应答。' },
  conflict: { en: 'Both sides were Active at the same time.', zh: '双方同时为主。' },
  reasserted: { en: 'This side stayed Active and took a newer epoch.', zh: '本侧保持为主并提升 epoch。' },
  yielded: { en: 'This side gave the role up to end a conflict.', zh: '本侧让位以结束冲突。' },
  handover: { en: 'A handover began, was refused or was aborted.', zh: '切换开始、被拒绝或中止。' },
  paused: { en: 'Serving is paused until contact is confirmed again.', zh: '服务暂停，等待重新确认联系。' },
  resumed: { en: 'Serving goes on.', zh: '服务恢复。' },
  'host-stalled': { en: 'The flows’ event loop hangs or runs again.', zh: '流程事件循环停滞或恢复。' },
  engine: { en: 'The engine’s thread died or was restarted.', zh: '引擎线程终止或重启。' },
  store: { en: 'The epoch store needs attention.', zh: 'epoch 存储需要关注。' },
  mismatch: { en: 'The two sides do not agree on settings or flows.', zh: '双方配置或流程不一致。' },
  rejected: { en: 'Datagrams were dropped.', zh: '丢弃了报文。' },
  'frame-sent': { en: 'A frame was sent (only with `frames`).', zh: '发送一帧（仅当启用 frames）。' },
  'frame-received': { en: 'A frame was received (only with `frames`).', zh: '收到一帧（仅当启用 frames）。' }
} as const satisfies Record<string, EventText>

export type EventName = keyof typeof EVENTS

/**
 * What each situation is called on a badge, what is so, and what to do now. `{here}` and `{peer}` are the two hosts, `{role}` this
 * side's role; `{after}` the peer timeout. What else may stand in braces comes with the code, see `situation/values.ts`.
 */
import type { StateCode } from '../situation/types'
import { NOTHING, type Text } from './text'

export interface SituationText extends Text {
  /** The trouble first; at most 26 characters with the role, see the tests. */
  readonly short: Text
  readonly todo: Text
}

/** The trouble itself. */
export function withoutRole({ en, zh }: Text): Text {
  return { en: en.replace(' · {role}', ''), zh: zh.replace(' · {role}', '') }
}

const SWITCH_BY_FORCE: Text = {
  en: 'Look at {peer}. If it is certainly off, make {here} Active by force.',
  zh: '查看 {peer}。若确认它已关闭，可强制将 {here} 升为主。'
}
const FORCE_NOW: Text = {
  en: 'Start {peer}, or mend the network. If {peer} does not serve and cannot be started, make {here} Active by force.',
  zh: '启动 {peer} 或修复网络。若 {peer} 未在服务且无法启动，可强制将 {here} 升为主。'
}

export const STATES = {
  serving: {
    short: { en: '{role} · peer online', zh: '{role} · 对端在线' },
    en: '{here} serves. {peer} is ready to take over.',
    zh: '{here} 正在服务，{peer} 可随时接替。',
    todo: NOTHING
  },
  standby: {
    short: { en: '{role} · peer online', zh: '{role} · 对端在线' },
    en: '{peer} serves. {here} is ready to take over.',
    zh: '{peer} 正在服务，{here} 可随时接替。',
    todo: NOTHING
  },
  starting: {
    short: { en: '{role} · looking for peer', zh: '{role} · 正在寻找对端' },
    en: '{here} has just started and looks for {peer}.',
    zh: '{here} 刚启动，正在寻找 {peer}。',
    todo: { en: 'Wait for {after}.', zh: '请等待 {after}。' }
  },
  paused: {
    short: { en: 'paused · {role}', zh: '已暂停 · {role}' },
    en: '{here} is Active and does not serve: its gates stay closed until contact with {peer} is confirmed.',
    zh: '{here} 为主但未服务：与 {peer} 的联系确认之前，闸门保持关闭。',
    todo: {
      en: 'It goes on by itself. If it lasts, look at {peer} and the network; if {peer} is certainly off, make {here} Active by force.',
      zh: '会自行恢复。若持续，请查看 {peer} 和网络；若确认 {peer} 已关闭，可强制将 {here} 升为主。'
    }
  },
  'peer-stopped': {
    short: { en: 'peer stopped · {role}', zh: '对端已停止 · {role}' },
    en: '{here} serves. {peer} was shut down normally: nobody can take over.',
    zh: '{here} 正在服务。{peer} 已正常停止：无人可接替。',
    todo: { en: 'Start Node-RED on {peer} again.', zh: '重新启动 {peer} 上的 Node-RED。' }
  },
  'peer-removed': {
    short: { en: 'no pair on peer · {role}', zh: '对端无此对 · {role}' },
    en: '{here} serves. On {peer} this pair was removed or stopped, and Node-RED runs on there: nobody can take over.',
    zh: '{here} 正在服务。{peer} 上的该对已被移除或停用，Node-RED 仍在运行：无人可接替。',
    todo: {
      en: 'Open the flows on {peer}: they must run and hold this pair with valid settings, and an enabled node must use it.',
      zh: '打开 {peer} 上的流程：流程须在运行，该对须存在且配置有效，并有已启用的节点使用它。'
    }
  },
  'peer-crashed': {
    short: { en: 'peer crashed · {role}', zh: '对端崩溃 · {role}' },
    en: '{here} serves. Node-RED on {peer} has crashed; its host still answers. Nobody can take over.',
    zh: '{here} 正在服务。{peer} 上的 Node-RED 已崩溃，主机仍有应答。无人可接替。',
    todo: {
      en: 'Start Node-RED on {peer} again, and read the end of its log.',
      zh: '重新启动 {peer} 上的 Node-RED，并查看其日志末尾。'
    }
  },
  'may-be-two': {
    short: { en: 'both Active? · peer silent', zh: '双主？ · 对端无应答' },
    en: '{here} serves. {peer} is silent: it has lost power or network, or the link is cut, and then {peer} may be Active too.',
    zh: '{here} 正在服务。{peer} 无应答：可能断电、断网或链路中断；若是链路中断，{peer} 也可能为主。',
    todo: {
      en: 'Look at {peer} now. If it runs, mend the link: cable, switch, firewall; until then stop one of the two.',
      zh: '立即查看 {peer}。若它在运行，请修复链路：网线、交换机、防火墙；在此之前停止其中一侧。'
    }
  },
  'never-met': {
    short: { en: 'both Active? · no peer yet', zh: '双主？ · 尚无对端' },
    en: '{here} serves. {peer} has not answered since {here} started; if it runs, it may be Active too.',
    zh: '{here} 正在服务。自 {here} 启动以来 {peer} 一直无应答；若它在运行，也可能为主。',
    todo: {
      en: 'Start {peer}. If it runs, check on both: the address of the peer, the UDP port in the firewall, the key.',
      zh: '启动 {peer}。若它已在运行，请在双方检查：对端地址、防火墙的 UDP 端口、密钥。'
    }
  },
  'peer-silent': {
    short: { en: 'peer silent · {role}', zh: '对端无应答 · {role}' },
    en: '{here} serves. {peer} is silent, and by the policy {policy} it does not serve meanwhile: nobody can take over.',
    zh: '{here} 正在服务。{peer} 无应答，按策略{policy}它此时不服务：无人可接替。',
    todo: {
      en: 'Look at {peer}. If it runs, mend the link: cable, switch, firewall.',
      zh: '查看 {peer}。若它在运行，请修复链路：网线、交换机、防火墙。'
    }
  },
  'peer-unfit': {
    short: { en: 'peer unfit · {role}', zh: '对端不适合 · {role}' },
    en: '{here} serves. {peer} is online and cannot take over now (its fitness: {peerFitness} of 255).',
    zh: '{here} 正在服务。{peer} 在线，但目前不能接替（其适合度：{peerFitness}，满值 255）。',
    todo: {
      en: 'See on {peer} what its health nodes measure, whether its flows are blocked, and whether its disk takes writes.',
      zh: '在 {peer} 上查看其 ha-pair-health 节点所测内容、流程是否阻塞、磁盘是否可写。'
    }
  },
  unfit: {
    short: { en: 'unfit · {role}', zh: '不适合 · {role}' },
    en: '{here} is not fit to serve (fitness 0): a health node says so, or its flows are blocked.',
    zh: '{here} 不适合服务（适合度 0）：健康节点如此报告，或其流程阻塞。',
    todo: {
      en: 'See on {here} what its health nodes measure. While unfit, {here} does not take the role from a fitter peer.',
      zh: '在 {here} 上查看其 ha-pair-health 节点所测内容。不适合期间，{here} 不会接替更适合的对端。'
    }
  },
  'nobody-serves': {
    short: { en: 'nobody Active · {role}', zh: '无主 · {role}' },
    en: 'Nobody serves: neither {here} nor {peer} is Active.',
    zh: '无人服务：{here} 和 {peer} 都不是主。',
    todo: {
      en: 'If it lasts, make one of them Active; the event list says what kept them from it.',
      zh: '若持续，请将其中一侧升为主；原因见事件记录。'
    }
  },
  'cut-off': {
    short: { en: 'nobody Active? · peer silent', zh: '无主？ · 对端无应答' },
    en: '{here} does not serve, and {peer} is silent. Nobody serves, unless {peer} still does: the policy {policy} does not let {here} take over.',
    zh: '{here} 未服务，{peer} 无应答。除非 {peer} 仍在服务，否则无人服务：策略{policy}不允许 {here} 接替。',
    todo: SWITCH_BY_FORCE
  },
  'peer-has-voice': {
    short: { en: 'peer silent · {role}', zh: '对端无应答 · {role}' },
    en: '{here} has lost contact with {peer}, which has the voice of the witness: {peer} serves, or {here} takes over within {after}.',
    zh: '{here} 与 {peer} 失去联系，而见证的一票在 {peer}：{peer} 正在服务，否则 {here} 将在 {after}内接替。',
    todo: {
      en: 'Look at {peer}. If it runs, mend the link: cable, switch, firewall.',
      zh: '查看 {peer}。若它在运行，请修复链路：网线、交换机、防火墙。'
    }
  },
  'stood-down': {
    short: { en: 'nobody Active? · by operator', zh: '无主？ · 操作员指令' },
    en: 'An operator made {here} Standby, and {peer} is not heard: nobody serves, unless {peer} does.',
    zh: '操作员将 {here} 指定为备，且收不到 {peer}：除非 {peer} 在服务，否则无人服务。',
    todo: FORCE_NOW
  },
  waiting: {
    short: { en: 'nobody Active? · no peer', zh: '无主？ · 无对端' },
    en: '{here} does not serve and waits for {peer}, which does not answer: the policy {policy} does not let it act alone.',
    zh: '{here} 未服务，正在等待无应答的 {peer}：策略{policy}不允许单独服务。',
    todo: FORCE_NOW
  },
  'peer-may-serve': {
    short: { en: 'nobody Active? · peer silent', zh: '无主？ · 对端无应答' },
    en: '{here} had ended without a goodbye while {peer} was online: {peer} may serve, so {here} waits for it.',
    zh: '{here} 曾在 {peer} 在线时异常结束：{peer} 可能正在服务，因此 {here} 等待联系。',
    todo: FORCE_NOW
  },
  'rolled-back': {
    short: { en: 'old files · {role}', zh: '文件过旧 · {role}' },
    en: 'The files of {here} are older than what {peer} has seen of it: they were restored from a copy. {here} takes no role alone.',
    zh: '{here} 的文件比 {peer} 所见的更旧：它们是从备份恢复的。{here} 不会单独升为主。',
    todo: FORCE_NOW
  },
  'restored-copy': {
    short: { en: 'restored copy · {role}', zh: '恢复的副本 · {role}' },
    en: '{here} is a restored or second copy: {peer} answered what this process never sent. {here} takes no role alone.',
    zh: '{here} 是恢复的或多余的副本：{peer} 应答了本进程从未发送的内容。{here} 不会单独升为主。',
    todo: {
      en: 'Find out whether a second copy of {here} runs, and stop it. Then let the two meet, or make {here} Active by force.',
      zh: '检查是否有 {here} 的另一个副本在运行并将其停止，然后让双方取得联系，或强制将 {here} 升为主。'
    }
  },
  'foreign-record': {
    short: { en: 'files used twice · {role}', zh: '文件被两处使用 · {role}' },
    en: 'Another process writes the files of this pair on {here}, so {here} takes no role alone.',
    zh: '另一个进程在写 {here} 上该对的文件，因此 {here} 不会单独升为主。',
    todo: {
      en: 'Two Node-RED use the same user directory. Stop one of them, then restart the other one.',
      zh: '两个 Node-RED 使用同一用户目录。停止其中一个，然后重启另一个。'
    }
  },
  'policy-differs': {
    short: { en: 'policies differ · {role}', zh: '策略不一致 · {role}' },
    en: '{peer} last stated another policy than {policy}, so {here} takes no role alone.',
    zh: '{peer} 最近声明的策略不是{policy}，因此 {here} 不会单独升为主。',
    todo: { en: 'Set the same policy on both hosts and deploy both.', zh: '在两台主机设置相同策略并部署。' }
  },
  'numbers-exhausted': {
    short: { en: 'epochs used up · {role}', zh: 'epoch 用尽 · {role}' },
    en: 'The epoch file of {here} is at the end of its range: {here} takes no role.',
    zh: '{here} 的 epoch 文件已到上限：{here} 不会升为主。',
    todo: {
      en: 'Stop Node-RED on {here}, move the pair’s file in the ha-pair folder away, and start it again.',
      zh: '停止 {here} 的 Node-RED，移走 ha-pair 文件夹中该对的文件，然后重新启动。'
    }
  },
  'settings-invalid': {
    short: { en: 'stopped: {problem}', zh: '已停止：{problem}' },
    en: 'The pair is stopped on {here}: wrong settings.',
    zh: '{here} 上的双机对已停止：配置有误。',
    todo: {
      en: 'Open the pair’s settings: the badge names the field, the log names all of them.',
      zh: '打开双机对的配置：状态标记指出该字段，日志列出全部。'
    }
  },
  'key-missing': {
    short: { en: 'stopped: {problem}', zh: '已停止：{problem}' },
    en: 'The pair is stopped on {here}: it needs a key and has none. It was never entered here, its variable is not set, or it cannot be decrypted.',
    zh: '{here} 上的双机对已停止：需要密钥但没有。从未在此输入、变量未设置，或无法解密。',
    todo: {
      en: 'Enter the key in the pair’s dialog and deploy, or give both hosts the same credentialSecret.',
      zh: '在该对的对话框中输入密钥并部署，或为两台主机设置相同的 credentialSecret。'
    }
  }
} satisfies Record<StateCode, SituationText>

/** What a silence comes to, after a sentence that has said where it comes from. */
export const MEANWHILE: Readonly<Partial<Record<StateCode, Text>>> = {
  starting: { en: '{here} has just started.', zh: '{here} 刚启动。' },
  'may-be-two': { en: '{here} serves, and {peer} may be Active too.', zh: '{here} 正在服务，{peer} 也可能为主。' },
  'never-met': { en: '{here} serves, and {peer} may be Active too.', zh: '{here} 正在服务，{peer} 也可能为主。' },
  'peer-silent': {
    en: '{here} serves; by the policy {policy}, {peer} does not serve meanwhile. Nobody can take over.',
    zh: '{here} 正在服务；按策略{policy}，{peer} 此时不服务。无人可接替。'
  },
  'cut-off': {
    en: 'Nobody serves, unless {peer} still does: the policy {policy} does not let {here} take over.',
    zh: '除非 {peer} 仍在服务，否则无人服务：策略{policy}不允许 {here} 接替。'
  },
  'peer-has-voice': {
    en: '{peer} has the voice of the witness: {peer} serves, or {here} takes over within {after}.',
    zh: '见证的一票在 {peer}：{peer} 正在服务，否则 {here} 将在 {after}内接替。'
  },
  'stood-down': {
    en: 'An operator made {here} Standby: nobody serves, unless {peer} does.',
    zh: '操作员将 {here} 指定为备：除非 {peer} 在服务，否则无人服务。'
  },
  waiting: { en: '{here} does not serve, and waits for {peer}.', zh: '{here} 未服务，正在等待 {peer}。' },
  'peer-may-serve': {
    en: '{peer} may serve, so {here} waits for it.',
    zh: '{peer} 可能正在服务，因此 {here} 等待联系。'
  }
}

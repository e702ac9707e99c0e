/** What each event means to people, when it comes, what to do, and whether it is a line in the log. `docs/reference/EVENTS.md` is made from here. */
import type { EventName } from '../events'
import { NOTHING, type Text } from './text'

interface EventText extends Text {
  readonly todo: Text
  readonly when: Text
  /** `none`: not in the log. `info`: in the log, and there a warning where the reason is one. */
  readonly log: 'none' | 'info' | 'warn'
}

const SEE_REASON: Text = { en: 'See the reason.', zh: '参见原因代码。' }

const events = {
  started: {
    en: 'The pair started.',
    zh: '双机对已启动。',
    when: { en: 'Once, when the engine starts the pair.', zh: '引擎启动该对时，一次。' },
    todo: NOTHING,
    log: 'none'
  },
  stopped: {
    en: 'The pair stopped.',
    zh: '双机对已停止。',
    when: {
      en: 'At a stop of Node-RED, when the pair is deleted, when its settings are changed, and when they keep it from starting.',
      zh: 'Node-RED 停止、该对被删除、其配置被更改，或配置使其无法启动时。'
    },
    todo: NOTHING,
    log: 'none'
  },
  role: {
    en: 'This side’s role changed.',
    zh: '本侧角色改变。',
    when: { en: 'At every change of role.', zh: '每次角色改变时。' },
    todo: SEE_REASON,
    log: 'info'
  },
  online: {
    en: 'Peer online, or peer offline.',
    zh: '对端上线或离线。',
    when: {
      en: 'When contact in both directions begins or ends, over whichever link.',
      zh: '（经任一链路的）双向联系建立或中断时。'
    },
    todo: {
      en: 'Offline: no other side can take over. Look at the other host and the network; the reason says more.',
      zh: '离线时无人可接替。查看另一台主机和网络；详见原因代码。'
    },
    log: 'info'
  },
  link: {
    en: 'Link up, or link down.',
    zh: '链路连通或中断。',
    when: {
      en: 'When frames begin or cease to pass both ways on one link, and when its socket opens or fails.',
      zh: '某条链路的双向报文开始或停止通过时，以及其套接字打开或出错时。'
    },
    todo: {
      en: 'Down: mend it. With one link the pair is blind, with more the spare is gone.',
      zh: '中断时请修复：只有一条链路则双机对失去联系，有多条则失去备用链路。'
    },
    log: 'info'
  },
  designate: {
    en: 'The role is handed over, or its handover is confirmed.',
    zh: '移交角色，或移交得到确认。',
    when: { en: 'When the role is passed from one side to the other.', zh: '角色在双方之间移交时。' },
    todo: NOTHING,
    log: 'none'
  },
  negotiate: {
    en: 'Roles agreed with the peer.',
    zh: '与对端商定角色。',
    when: { en: 'When the two sides meet, or meet again.', zh: '双方首次或再次取得联系时。' },
    todo: NOTHING,
    log: 'none'
  },
  loss: {
    en: 'A frame stayed unanswered.',
    zh: '有帧未获应答。',
    when: { en: 'Classic wire only: after receiptTimeout.', zh: '仅经典线路：超过 receiptTimeout 时。' },
    todo: NOTHING,
    log: 'none'
  },
  conflict: {
    en: 'Both sides were Active at the same time.',
    zh: '双方同时为主。',
    when: {
      en: 'When two Actives hear each other, as after a cut under availability. One yields at once.',
      zh: '两个主互相听到时，例如“可用性优先”策略下链路恢复后。其中一方立即让位。'
    },
    todo: {
      en: 'Check what both sides did to the plant meanwhile. Then find out why they did not hear each other.',
      zh: '检查双方在此期间对现场设备做了什么，然后查明双方为何互相不可达。'
    },
    log: 'warn'
  },
  reasserted: {
    en: 'This side stayed Active and took a newer epoch.',
    zh: '本侧保持为主并提升 epoch。',
    when: {
      en: 'After a conflict on the side that stays, and when the peer knows a newer epoch.',
      zh: '冲突后保持为主的一侧，以及对端见过更新的 epoch 时。'
    },
    todo: NOTHING,
    log: 'info'
  },
  yielded: {
    en: 'This side gave the role up to end a conflict.',
    zh: '本侧让位以结束冲突。',
    when: { en: 'After a conflict, on the side that gives way.', zh: '冲突后让位的一侧。' },
    todo: NOTHING,
    log: 'info'
  },
  handover: {
    en: 'A handover began, or was broken off.',
    zh: '切换开始，或中止。',
    when: {
      en: 'At an operator’s command, a fail-back, or when the other side is fitter.',
      zh: '操作员发出指令、自动回切，或另一侧更适合服务时。'
    },
    todo: {
      en: 'Aborted: the roles are as the badges say. The detail says why; try again when it is mended.',
      zh: '中止时角色以状态标记为准，原因见详情；排除后再试。'
    },
    log: 'none'
  },
  paused: {
    en: 'Serving is paused until contact is confirmed again.',
    zh: '服务暂停，等待重新确认联系。',
    when: {
      en: 'On an Active that did not run for a while.',
      zh: '主侧曾停顿时。'
    },
    todo: {
      en: 'It goes on by itself. If it comes often, this host is short of processor time or is being suspended.',
      zh: '会自行恢复。若频繁出现，说明本机处理器不足或被挂起。'
    },
    log: 'info'
  },
  resumed: {
    en: 'Serving goes on.',
    zh: '服务恢复。',
    when: { en: 'After a pause.', zh: '暂停之后。' },
    todo: NOTHING,
    log: 'info'
  },
  'host-stalled': {
    en: 'The flows are blocked, or run again.',
    zh: '流程阻塞，或恢复运行。',
    when: {
      en: 'After stallLimit without a sign of life of the flows, and when they run again.',
      zh: '流程超过 stallLimit 没有活动时，以及恢复时。'
    },
    todo: {
      en: 'Find the flow that computes or waits for so long.',
      zh: '找出长时间占用的流程。'
    },
    log: 'info'
  },
  engine: {
    en: 'The engine’s thread died or was restarted.',
    zh: '引擎线程终止或重启。',
    when: { en: 'At an error in this package.', zh: '本软件包内部出错时。' },
    todo: { en: 'Please report it, with the log.', zh: '请附上日志反馈此问题。' },
    log: 'info'
  },
  store: {
    en: 'The epoch store needs attention.',
    zh: 'epoch 存储需要关注。',
    when: {
      en: 'When the epoch file is missing, damaged or cannot be written, and when it can be written again.',
      zh: 'epoch 文件缺失、损坏或无法写入时，以及恢复可写时。'
    },
    todo: SEE_REASON,
    log: 'info'
  },
  mismatch: {
    en: 'Policy, timings or flows of the two sides differ, or are the same again.',
    zh: '双方的策略、时间参数或流程不一致，或重新一致。',
    when: {
      en: 'As soon as the two differ, and when they agree again. The detail names the settings and both values.',
      zh: '双方一出现差异时，以及重新一致时。详情列出具体设置及双方的值。'
    },
    todo: {
      en: 'During a rollout nothing: the warning comes only if it lasts. Otherwise make the two sides the same.',
      zh: '逐台部署期间无需处理：只有持续存在才会发出警告。否则请使双方一致。'
    },
    log: 'info'
  },
  rejected: {
    en: 'Messages were rejected.',
    zh: '拒绝了报文。',
    when: { en: 'At most once per cause and minute, with their number.', zh: '每种原因每分钟至多一次，并附数量。' },
    todo: SEE_REASON,
    log: 'info'
  },
  clock: {
    en: 'The clock of this machine jumped, or the machine slept.',
    zh: '本机时钟跳变，或曾休眠。',
    when: {
      en: 'When the time of day moved by more than half a second against the running time.',
      zh: '系统时间相对于运行时间的偏移超过半秒时。'
    },
    todo: SEE_REASON,
    log: 'info'
  },
  warning: {
    en: 'Something needs a person’s attention.',
    zh: '有状况需要人关注。',
    when: {
      en: 'When something has lasted long enough to be worth a person’s attention. The reason says what.',
      zh: '某种状况持续到值得人关注时。具体见原因代码。'
    },
    todo: SEE_REASON,
    log: 'warn'
  },
  'warning-ended': {
    en: 'Solved: what was warned of no longer holds.',
    zh: '已解决：警告的状况不再存在。',
    when: { en: 'When it no longer holds. The reason says which.', zh: '该状况不再存在时。具体见原因代码。' },
    todo: NOTHING,
    log: 'info'
  },
  channel: {
    en: 'The channel to the peer opened or closed.',
    zh: '与对端的通道打开或关闭。',
    when: {
      en: 'When the encrypted TCP connection to the peer is ready, and when it is lost or cannot be opened.',
      zh: '与对端的加密 TCP 连接就绪、断开或无法打开时。'
    },
    todo: {
      en: 'Closed: a crash is noticed after the peer timeout instead of at once. Open the TCP port in both firewalls.',
      zh: '关闭时：崩溃要到对端超时之后才能发现。请在双方防火墙中放行该 TCP 端口。'
    },
    log: 'info'
  },
  'second-peer': {
    en: 'A second peer answers with the right key.',
    zh: '出现第二个持有正确密钥的对端。',
    when: {
      en: 'When two processes with the right key speak to this side at the same time.',
      zh: '两个持有正确密钥的进程同时与本侧通信时。'
    },
    todo: {
      en: 'Find the second one and stop it: a copied user directory, a second start, a third host with the same settings.',
      zh: '找到并停止多余的一个：被复制的用户目录、重复启动的进程，或使用相同配置的第三台主机。'
    },
    log: 'warn'
  },
  'proof-wrong': {
    en: 'The peer lives, though its crash had been proved. This side stepped back.',
    zh: '对端仍然存活，先前的崩溃判定有误；本侧已让位。',
    when: {
      en: 'When the peer answers something that was sent after the proof of its crash.',
      zh: '对端应答了在崩溃判定之后发出的报文时。'
    },
    todo: {
      en: 'Something between the two hosts ends connections on its own. Find it, or switch off the proof of a crash (crashProof).',
      zh: '两台主机之间有设备擅自终止连接。请查明，或关闭崩溃判定（crashProof）。'
    },
    log: 'warn'
  },
  witness: {
    en: 'Something changed at the witness.',
    zh: '见证有变化。',
    when: {
      en: 'The witness is heard or not heard any more; the two sides have agreed on it; another one answers under its address.',
      zh: '收到或失去见证的应答；双方就见证达成一致；其地址上有另一个见证应答。'
    },
    todo: NOTHING,
    log: 'info'
  },
  'frame-sent': {
    en: 'A frame was sent (only with `frames`).',
    zh: '发送一帧（仅当启用 frames）。',
    when: { en: 'At each frame. Not numbered.', zh: '每一帧。无编号。' },
    todo: NOTHING,
    log: 'none'
  },
  'frame-received': {
    en: 'A frame was received (only with `frames`).',
    zh: '收到一帧（仅当启用 frames）。',
    when: { en: 'At each frame. Not numbered.', zh: '每一帧。无编号。' },
    todo: NOTHING,
    log: 'none'
  }
} satisfies Record<EventName, EventText>

export const EVENTS: Readonly<Record<EventName, EventText>> = events

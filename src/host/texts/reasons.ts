/** What each reason code means to people, what to do about it, and whether it warns. `docs/reference/EVENTS.md` is made from here. */
import type { ReasonCode } from '../../protocol/reasons'
import { NOTHING, type Text } from './text'

interface ReasonText extends Text {
  readonly todo: Text
  /** Events with this reason are warnings in the log. */
  readonly warns: boolean
}

const reasons = {
  none: {
    en: 'Nothing to report.',
    zh: '无。',
    todo: NOTHING,
    warns: false
  },
  starting: {
    en: 'The pair has just started and has not met its peer.',
    zh: '刚启动，尚未与对端联系。',
    todo: NOTHING,
    warns: false
  },
  'cannot-negotiate': {
    en: 'No peer has answered since the start.',
    zh: '启动后对端一直无应答。',
    todo: {
      en: 'Start the other side. If it runs, check both addresses, the UDP port in both firewalls, and the key.',
      zh: '启动另一侧；若它已在运行，检查双方地址、两侧防火墙的 UDP 端口以及密钥。'
    },
    warns: false
  },
  negotiated: {
    en: 'The two sides agreed on their roles.',
    zh: '双方协商确定了角色。',
    todo: NOTHING,
    warns: false
  },
  designated: {
    en: 'Handed over by the peer.',
    zh: '由对端移交。',
    todo: NOTHING,
    warns: false
  },
  operator: {
    en: 'An operator asked for it.',
    zh: '操作员指令。',
    todo: NOTHING,
    warns: false
  },
  'operator-forced': {
    en: 'An operator forced it without the peer’s consent.',
    zh: '操作员强制执行，未经对端确认。',
    todo: {
      en: 'Make sure that the other side does not act: nothing here can check it.',
      zh: '确认另一侧没有服务：本侧无法代为核实。'
    },
    warns: false
  },
  'lost-connection': {
    en: 'Nothing was heard from the peer for the peer timeout.',
    zh: '在对端超时内未收到对端的任何报文。',
    todo: {
      en: 'Look at the other host and at the network between the two. If the other host runs, the link is cut.',
      zh: '查看另一台主机以及两者之间的网络；若那台主机在运行，则是链路中断。'
    },
    warns: false
  },
  'peer-crashed': {
    en: 'Node-RED on the peer has crashed; its host still answers.',
    zh: '对端的 Node-RED 已崩溃，其主机仍有应答。',
    todo: {
      en: 'Start Node-RED on the other host again, and read the end of its log.',
      zh: '在另一台主机上重新启动 Node-RED，并查看其日志末尾。'
    },
    warns: false
  },
  'peer-left': {
    en: 'The peer was shut down normally.',
    zh: '对端已正常停止。',
    todo: {
      en: 'Start it again: until then no other side can take over.',
      zh: '请重新启动它：在此之前无人可接替。'
    },
    warns: false
  },
  'peer-removed': {
    en: 'On the peer this pair was removed, stopped or changed, by a deploy as a rule. Node-RED runs on there.',
    zh: '对端上的该对已被移除、停用或更改，通常由一次部署引起。那里的 Node-RED 仍在运行。',
    todo: {
      en: 'With changed settings it is back at once. If it stays away, open the flows there: they must run and hold this pair with valid settings, and an enabled node must use it.',
      zh: '若只是更改了配置，它会立即恢复。若一直离线，请打开那里的流程：流程须在运行，该对须存在且配置有效，并有已启用的节点使用它。'
    },
    warns: false
  },
  'peer-restarted': {
    en: 'The peer restarted and lost its role.',
    zh: '对端已重启，失去原角色。',
    todo: {
      en: 'If nobody restarted it, read its log.',
      zh: '若并非人为重启，请查看它的日志。'
    },
    warns: false
  },
  'peer-active': {
    en: 'The peer is Active already.',
    zh: '对端已是主。',
    todo: NOTHING,
    warns: false
  },
  'higher-epoch': {
    en: 'Both were Active; the side with the newer epoch stayed.',
    zh: '双主冲突：epoch 更新的一侧保持为主。',
    todo: {
      en: 'Check what both sides did while they were Active, and why the link was cut.',
      zh: '检查双方同时为主期间各做了什么，以及链路为何中断。'
    },
    warns: false
  },
  'tie-break': {
    en: 'Both were Active with equal rights; priority and identity decided.',
    zh: '双主冲突且权利相同：由优先级和标识决定。',
    todo: {
      en: 'Check what both sides did while they were Active, and why the link was cut.',
      zh: '检查双方同时为主期间各做了什么，以及链路为何中断。'
    },
    warns: false
  },
  'lease-expired': {
    en: 'The peer no longer acknowledged, and this policy forbids to serve without that.',
    zh: '对端不再确认，按本策略不得继续服务。',
    todo: {
      en: 'Look at the other host and the link. If the other side is certainly off, designate this side with force.',
      zh: '查看另一台主机和链路。若确认另一侧已停止，可对本侧强制指派（force）。'
    },
    warns: false
  },
  'peer-heard': {
    en: 'The connection works both ways.',
    zh: '连接双向可达。',
    todo: NOTHING,
    warns: false
  },
  'receipts-lost': {
    en: 'More than lossLimit frames in a row went unanswered.',
    zh: '连续未应答的帧数超过 lossLimit。',
    todo: {
      en: 'Look at the other host and at the network between the two.',
      zh: '查看另一台主机以及两者之间的网络。'
    },
    warns: false
  },
  'half-open': {
    en: 'Frames pass in one direction only; that counts as down.',
    zh: '链路仅单向可达，视为断开。',
    todo: {
      en: 'Check the firewalls of both hosts and the cable: one direction is blocked.',
      zh: '检查两台主机的防火墙和网线：有一个方向被阻断。'
    },
    warns: false
  },
  failback: {
    en: 'The higher-priority side took its role back.',
    zh: '高优先级一侧收回角色。',
    todo: NOTHING,
    warns: false
  },
  'less-fit': {
    en: 'The Active was less fit to serve than its peer.',
    zh: '主的适合度低于对端。',
    todo: {
      en: 'See what the health nodes of the less fit side measure.',
      zh: '查看适合度较低一侧的 ha-pair-health 节点所测内容。'
    },
    warns: false
  },
  'host-stalled': {
    en: 'The flows of the Active were blocked for longer than the stall limit.',
    zh: '主的流程阻塞超过停滞上限。',
    todo: {
      en: 'Find the flow that computes or waits for so long: a loop in a Function node, a huge payload, a slow disk.',
      zh: '找出长时间占用的流程：Function 节点中的循环、过大的消息，或缓慢的磁盘。'
    },
    warns: true
  },
  'handover-aborted': {
    en: 'The handover was not taken up in time.',
    zh: '切换未在限定时间内完成，已中止。',
    todo: {
      en: 'The roles are as the badge says. See whether the other side is online and ready, and try again.',
      zh: '角色以状态标记为准。确认另一侧在线且就绪后再试。'
    },
    warns: false
  },
  'own-stall': {
    en: 'This engine itself did not run for a while.',
    zh: '本侧引擎曾停顿。',
    todo: {
      en: 'This host was short of processor time, or was paused. See what else runs on it.',
      zh: '本机处理器不足或曾被暂停，请检查本机上还运行着什么。'
    },
    warns: true
  },
  suspended: {
    en: 'This machine was suspended, or its clock was set forward.',
    zh: '本机曾挂起，或时钟被向前调整。',
    todo: {
      en: 'Switch off sleep and live migration for this host, and let its time service slew the clock instead of stepping it.',
      zh: '关闭本机的休眠和在线迁移，并让时间同步服务平滑校时而不是跳变。'
    },
    warns: true
  },
  revalidated: {
    en: 'Contact was confirmed again after a pause.',
    zh: '停顿后已重新确认联系。',
    todo: NOTHING,
    warns: false
  },
  'not-ready': {
    en: 'The peer is not ready to serve.',
    zh: '对端尚未就绪。',
    todo: {
      en: 'Look at the badge of the other side: a blocked flow, fitness 0, a disk that takes no epoch, or an operator’s standby.',
      zh: '查看另一侧的状态标记：流程阻塞、适合度为 0、磁盘无法写入 epoch，或被操作员指定为备。'
    },
    warns: false
  },
  'engine-crashed': {
    en: 'The engine’s thread died and is being restarted.',
    zh: '引擎线程终止，正在重启。',
    todo: {
      en: 'The gates stay closed until it runs again. Please report it, with the log.',
      zh: '在其恢复之前闸门保持关闭。请附上日志反馈此问题。'
    },
    warns: true
  },
  'engine-restarted': {
    en: 'The engine’s thread runs again.',
    zh: '引擎线程已恢复。',
    todo: NOTHING,
    warns: false
  },
  'store-lost': {
    en: 'The stored epoch is damaged or cannot be read; counting starts from what the peer tells.',
    zh: '存储的 epoch 损坏或无法读取，将以对端告知的为准。',
    todo: {
      en: 'Check the disk and the rights on userDir/ha-pair; the old file is kept there as .damaged or .unreadable. Do not restore it.',
      zh: '检查磁盘以及 userDir/ha-pair 的权限；原文件以 .damaged 或 .unreadable 为后缀保留在该处，请勿恢复。'
    },
    warns: true
  },
  'store-failed': {
    en: 'The epoch could not be written to disk.',
    zh: '无法将 epoch 写入磁盘。',
    todo: {
      en: 'Free disk space, or make userDir/ha-pair writable. Under every policy but availability this side may be unable to take the role until then.',
      zh: '清理磁盘空间，或使 userDir/ha-pair 可写。在此之前，除“可用性优先”外，各策略下本侧可能无法成为主。'
    },
    warns: true
  },
  'settings-invalid': {
    en: 'A setting is missing or out of range.',
    zh: '配置缺失或超出范围。',
    todo: {
      en: 'Open the pair’s settings: the badge names the field, the log names all of them.',
      zh: '打开双机对的配置：状态标记指出该字段，日志列出全部。'
    },
    warns: false
  },
  'port-in-use': {
    en: 'The local port is taken; it is tried again.',
    zh: '本地端口被占用，正在重试。',
    todo: {
      en: 'Find the program that has the port (ss -ulpn); often it is a second Node-RED with the same flows.',
      zh: '找出占用该端口的程序（ss -ulpn）；往往是运行同一流程的第二个 Node-RED。'
    },
    warns: true
  },
  'host-not-found': {
    en: 'The peer’s name does not resolve; it is tried again.',
    zh: '无法解析对端主机名，正在重试。',
    todo: {
      en: 'Check the name and the name server, or enter an address instead.',
      zh: '检查主机名和域名服务器，或改填 IP 地址。'
    },
    warns: true
  },
  'link-failed': {
    en: 'The link’s socket failed; it is opened again.',
    zh: '链路套接字出错，正在重新打开。',
    todo: {
      en: 'Is the network interface up, and is the local address one of this machine?',
      zh: '检查网络接口是否启用，以及本地地址是否属于本机。'
    },
    warns: true
  },
  'link-open': {
    en: 'The link’s socket is open.',
    zh: '链路套接字已打开。',
    todo: NOTHING,
    warns: false
  },
  removed: {
    en: 'The pair was removed or its settings changed.',
    zh: '该对已被移除或配置已更改。',
    todo: NOTHING,
    warns: false
  },
  shutdown: {
    en: 'Node-RED is stopping.',
    zh: 'Node-RED 正在停止。',
    todo: NOTHING,
    warns: false
  },
  'bad-frame': {
    en: 'Messages arrived that are not of this pair.',
    zh: '收到无效报文。',
    todo: {
      en: 'Something else sends to this port: open it to the peer only. The detail says what is wrong with the messages.',
      zh: '原因见详情。有其他程序向此端口发送数据：请只对对端开放该端口。'
    },
    warns: true
  },
  'settings-differ': {
    en: 'The peer runs with another policy or other timings.',
    zh: '对端的策略或时间参数不一致。',
    todo: {
      en: 'Make policy, heartbeat and peer timeout the same on both sides. With two policies, no promise of either holds.',
      zh: '使双方的策略、心跳间隔和对端超时一致。策略不同时，任何一方的承诺都不成立。'
    },
    warns: true
  },
  'cloned-identity': {
    en: 'Both sides carried the same stored identity (a copied user directory); one took a new one.',
    zh: '双方存储的标识相同（用户目录被复制），其中一侧已更换。',
    todo: {
      en: 'Nothing now. When you set up a host from a copy, delete its userDir/ha-pair first.',
      zh: '目前无需处理。今后用副本搭建主机时，请先删除其 userDir/ha-pair。'
    },
    warns: true
  },
  'third-party': {
    en: 'A third side with the same key speaks on this link; it is ignored.',
    zh: '链路上出现持有相同密钥的第三方，已忽略。',
    todo: {
      en: 'Find the other Node-RED that points at this port: a copied host, or a test machine with the same flows. Stop it.',
      zh: '找出指向此端口的另一个 Node-RED：被复制的主机，或运行同一流程的测试机，并将其停止。'
    },
    warns: true
  },
  'peer-behind': {
    en: 'Epoch raised after the peer restarted.',
    zh: '对端重启后，epoch 已提升。',
    todo: NOTHING,
    warns: false
  },
  'store-new': {
    en: 'No stored epoch was found: this is the first start, or the file was removed.',
    zh: '未找到存储的 epoch：首次启动，或文件已被删除。',
    todo: {
      en: 'Nothing at the first start. Otherwise find out who empties the user directory: it has to survive a restart.',
      zh: '首次启动时无需处理。否则请查明是谁清空了用户目录：它必须在重启后保留。'
    },
    warns: false
  },
  damped: {
    en: 'The side that took its role back failed again soon; the next fail-back waits longer.',
    zh: '收回角色的一侧很快再次失效；下次自动回切将延后。',
    todo: {
      en: 'Find out why the preferred side fails again and again before you let it take the role.',
      zh: '在让高优先级一侧收回角色之前，先查明它为何反复失效。'
    },
    warns: false
  },
  'peer-silent': {
    en: 'The peer does not answer.',
    zh: '对端无应答。',
    todo: {
      en: 'Look at the other host and at the network between the two.',
      zh: '查看另一台主机以及两者之间的网络。'
    },
    warns: false
  },
  'larger-token': {
    en: 'Both were Active on the classic wire; the side with the larger token kept the role.',
    zh: '经典线路双主冲突：令牌较大的一侧保持为主。',
    todo: {
      en: 'Check what both sides did while they were Active, and why the link was cut.',
      zh: '检查双方同时为主期间各做了什么，以及链路为何中断。'
    },
    warns: false
  },
  'flows-differ': {
    en: 'The two sides run different flows.',
    zh: '双方运行的流程不一致。',
    todo: {
      en: 'Deploy the same flows on both sides. Until then a change-over also changes what is done.',
      zh: '在双方部署相同的流程。在此之前，一旦切换，执行的内容也会随之改变。'
    },
    warns: false
  },
  'flows-agree': {
    en: 'The two sides run the same flows again.',
    zh: '双方运行的流程重新一致。',
    todo: NOTHING,
    warns: false
  },
  'settings-agree': {
    en: 'Policy and timings are the same on both sides again.',
    zh: '双方的策略和时间参数重新一致。',
    todo: NOTHING,
    warns: false
  },
  'keys-differ': {
    en: 'The peer sends with another key than this side has.',
    zh: '对端发送时使用的密钥与本侧不同。',
    todo: {
      en: 'Enter the same key on both sides. During a change of keys: put the new one into this side too.',
      zh: '在双方填写相同的密钥。若正在更换密钥：请在本侧也填入新密钥。'
    },
    warns: true
  },
  'wires-differ': {
    en: 'One side speaks the classic wire, the other one the extended wire.',
    zh: '一侧使用经典线路，另一侧使用扩展线路。',
    todo: {
      en: 'Choose the same wire on both sides: extended between two sides of this package, classic only with a program of 2015.',
      zh: '双方选择相同的线路格式：两侧都是本软件包时用 extended，仅与 2015 版程序通信时用 classic。'
    },
    warns: true
  },
  'versions-differ': {
    en: 'The peer speaks another version of the protocol.',
    zh: '对端使用不同版本的协议。',
    todo: {
      en: 'Install the same version of this package on both hosts.',
      zh: '在两台主机上安装相同版本的本软件包。'
    },
    warns: true
  },
  'foreign-host': {
    en: 'Frames arrive from a host that is not the peer’s; they are dropped.',
    zh: '收到来自非对端主机的报文，已丢弃。',
    todo: {
      en: 'If it is the peer: enter the address that it sends from. If it is not: find out who sends to this port.',
      zh: '若是对端：请填写它实际发送所用的地址；若不是：请查明是谁在向此端口发送。'
    },
    warns: true
  },
  'link-down': {
    en: 'Only some of the links to the peer carry; the pair goes on over the others.',
    zh: '到对端的链路只有部分连通，双机对经其余链路继续运行。',
    todo: {
      en: 'Mend the link that is down before the last one fails: cable, switch, address, firewall. The detail names it.',
      zh: '在最后一条链路失效之前修复中断的链路：网线、交换机、地址、防火墙。具体见详情。'
    },
    warns: true
  },
  'same-priority': {
    en: 'Both sides have the same priority, so chance decided which one is the preferred side.',
    zh: '双方优先级相同，首选侧由随机标识决定。',
    todo: {
      en: 'Give the side that shall act when the link is cut a higher priority than the other one.',
      zh: '为链路中断时应继续服务的一侧设置更高的优先级。'
    },
    warns: true
  },
  'no-key': {
    en: 'The pair has no key: anyone who reaches the port can take the role.',
    zh: '该对没有密钥：任何能访问该端口的人都可夺取角色。',
    todo: {
      en: 'Enter the same strong key on both sides.',
      zh: '在双方填写相同的强密钥。'
    },
    warns: false
  },
  'classic-wire': {
    en: 'The classic wire has no key, no epochs and no sessions: a forged or late frame changes roles.',
    zh: '经典线路没有密钥、epoch 和会话：伪造或迟到的报文即可改变角色。',
    todo: {
      en: 'Use it only with a program of 2015 and on a network that you trust; else choose the extended wire on both sides.',
      zh: '仅在可信网络上与 2015 版程序通信时使用；否则双方都应选择扩展线路。'
    },
    warns: false
  },
  'clock-set-back': {
    en: 'The clock of this machine was set back.',
    zh: '本机时钟被向后调整。',
    todo: {
      en: 'Roles do not depend on it, but times in logs now overlap. Let the time service slew the clock instead of stepping it.',
      zh: '角色不受影响，但日志时间会重叠。请让时间同步服务平滑校时而不是跳变。'
    },
    warns: true
  },
  'clocks-differ': {
    en: 'The clocks of the two sides are apart by more than five seconds.',
    zh: '双方的时钟相差超过五秒。',
    todo: {
      en: 'Let both hosts take the time from the same server (NTP). The pair does not depend on it, but logs of the two do not fit together.',
      zh: '让两台主机从同一服务器同步时间（NTP）。双机对不依赖它，但双方的日志将对不上。'
    },
    warns: true
  },
  'both-active': {
    en: 'Both sides are Active at the same time, and one yields now.',
    zh: '双方同时为主，其中一方即将让位。',
    todo: {
      en: 'Check what both sides did to the plant meanwhile. Then find out why they did not hear each other.',
      zh: '检查双方在此期间对现场设备做了什么，然后查明双方为何互相不可达。'
    },
    warns: true
  },
  'address-changed': {
    en: 'The peer now comes from another address.',
    zh: '对端改用了另一个地址。',
    todo: {
      en: 'Nothing, if it was meant. Frames go to both addresses, the configured one and the new one.',
      zh: '若属预期则无需处理。报文会同时发往配置的地址和新地址。'
    },
    warns: false
  },
  'second-peer': {
    en: 'Two processes with the right key speak to this side.',
    zh: '有两个持有正确密钥的进程与本侧通信。',
    todo: {
      en: 'Find the second one and stop it: a copied user directory, a second start, a third host with the same settings.',
      zh: '找到并停止多余的一个：被复制的用户目录、重复启动的进程，或使用相同配置的第三台主机。'
    },
    warns: true
  },
  'proof-wrong': {
    en: 'The peer lives, though its crash had been proved.',
    zh: '对端仍然存活，先前的崩溃判定有误。',
    todo: {
      en: 'Something between the two hosts ends connections on its own. Find it, or switch off the proof of a crash (crashProof).',
      zh: '两台主机之间有设备擅自终止连接。请查明，或关闭崩溃判定（crashProof）。'
    },
    warns: true
  },
  'peer-may-serve': {
    en: 'This side stopped without a goodbye while its peer was online: the peer may serve, so this side waits for it.',
    zh: '本侧曾在对端在线时异常停止：对端可能正在服务，因此本侧等待联系。',
    todo: {
      en: 'Start the peer, or mend the network. If the peer does not serve and cannot be started, command "active" with force.',
      zh: '启动对端或修复网络。若确认对端未在服务且无法启动，可强制指令“active”。'
    },
    warns: true
  },
  'rolled-back': {
    en: 'This side’s file is older than what the peer has seen of it: it was restored from a copy.',
    zh: '本侧的文件比对端所见的更旧：它是从备份恢复的。',
    todo: {
      en: 'Nothing: this side takes no role by itself until it has met its peer. Do not restore or copy the ha-pair files.',
      zh: '无需处理：与对端取得联系之前，本侧不会自行升为主。请勿恢复或复制 ha-pair 文件。'
    },
    warns: true
  },
  'restored-copy': {
    en: 'The peer answers something that this process never sent: this is a restored or second copy of it.',
    zh: '对端应答了本进程从未发送的内容：本进程是恢复的或多余的副本。',
    todo: {
      en: 'Find out whether a second copy of this machine runs. This side takes no role by itself until it has met its peer again.',
      zh: '检查是否有本机的另一个副本在运行。再次与对端取得联系之前，本侧不会自行升为主。'
    },
    warns: true
  },
  'foreign-record': {
    en: 'Another process writes this side’s files.',
    zh: '另一个进程在写本侧的文件。',
    todo: {
      en: 'Two Node-RED use the same user directory. Stop one of them, then restart the other one.',
      zh: '两个 Node-RED 使用同一用户目录。停止其中一个，然后重启另一个。'
    },
    warns: true
  },
  'policy-differs': {
    en: 'The peer last stated another policy: this side takes no role alone.',
    zh: '对端最近声明的策略不同：本侧不会单独升为主。',
    todo: {
      en: 'Set the same policy on both sides and deploy both.',
      zh: '将双方策略设为一致并在两侧部署。'
    },
    warns: true
  },
  'numbers-exhausted': {
    en: 'The epoch file holds a number at the end of its range: this side takes no role.',
    zh: 'epoch 文件中的数值已到上限：本侧不会升为主。',
    todo: {
      en: 'Stop Node-RED on this host, move the pair’s file in the ha-pair folder away, and start it again.',
      zh: '停止本机的 Node-RED，移走 ha-pair 文件夹中该对的文件，然后重新启动。'
    },
    warns: true
  },
  'channel-open': {
    en: 'The channel to the peer is open.',
    zh: '与对端的通道已打开。',
    todo: NOTHING,
    warns: false
  },
  'channel-lost': {
    en: 'The channel to the peer was lost. A crash of the peer is noticed after the peer timeout instead of at once.',
    zh: '与对端的通道已断开。对端崩溃要到对端超时之后才能发现。',
    todo: {
      en: 'It is opened again by itself. If it stays closed, open the TCP port (the number of the first link) in both firewalls.',
      zh: '会自动重新打开。若持续关闭，请在双方防火墙中放行该 TCP 端口（与第一条链路的端口号相同）。'
    },
    warns: false
  },
  'channel-blocked': {
    en: 'The channel to the peer cannot be opened. A crash of the peer is noticed after the peer timeout instead of at once.',
    zh: '无法打开与对端的通道。对端崩溃要到对端超时之后才能发现。',
    todo: {
      en: 'Open the TCP port (the number of the first link) in both firewalls.',
      zh: '请在双方防火墙中放行该 TCP 端口（与第一条链路的端口号相同）。'
    },
    warns: true
  },
  'channel-busy': {
    en: 'Another program holds the TCP port of the channel. A crash of this side is noticed after the peer timeout instead of at once.',
    zh: '通道的 TCP 端口被其他程序占用。本侧崩溃要到对端超时之后才能被发现。',
    todo: {
      en: 'Close the other program, or choose another port for the first link on both sides.',
      zh: '关闭该程序，或在双方为第一条链路选择其他端口。'
    },
    warns: true
  },
  'addresses-differ': {
    en: 'The channel passes an address translation (NAT): a crash of the peer cannot be proved, its silence decides.',
    zh: '通道经过地址转换（NAT）：无法证明对端崩溃，以其静默为准。',
    todo: NOTHING,
    warns: false
  },
  'files-in-use': {
    en: 'Another process holds this pair’s files.',
    zh: '另一个进程占用该对的文件。',
    todo: {
      en: 'Another Node-RED uses the same user directory. Stop it; this side goes on by itself.',
      zh: '另一个 Node-RED 使用同一用户目录。停止它，本侧会自动继续。'
    },
    warns: true
  },
  'key-missing': {
    en: 'The pair needs a key and has none: it was never entered on this host, its variable is not set, or it is lost or cannot be decrypted.',
    zh: '该对需要密钥但没有：从未在本机输入、变量未设置、已丢失，或无法解密。',
    todo: {
      en: 'Enter the key in the pair’s dialog and deploy, or give both hosts the same credentialSecret.',
      zh: '在该对的对话框中输入密钥并部署，或为两台主机设置相同的 credentialSecret。'
    },
    warns: true
  },
  'peer-has-no-key': {
    en: 'The peer has no key.',
    zh: '对端没有密钥。',
    todo: {
      en: 'Enter the same key on the other side and deploy there.',
      zh: '在另一侧输入相同的密钥并部署。'
    },
    warns: true
  },
  'weak-key': {
    en: 'The key is short or easy to guess.',
    zh: '密钥过短或容易猜到。',
    todo: {
      en: 'Let the dialog make a key, and enter it on both sides.',
      zh: '由对话框生成密钥，并在双方输入。'
    },
    warns: true
  },
  'were-both-active': {
    en: 'Both sides were Active at the same time. It is over.',
    zh: '双方曾同时为主，现已结束。',
    todo: {
      en: 'Check what both sides did to the plant in that time. Then find out why they did not hear each other.',
      zh: '检查双方在此期间对现场设备做了什么，然后查明双方为何互相不可达。'
    },
    warns: true
  },
  'own-address': {
    en: 'This side receives what it has sent itself: the peer’s address is its own.',
    zh: '本侧收到自己发出的报文：对端地址是本机地址。',
    todo: { en: 'Enter the other host’s address as the peer’s host.', zh: '将对端主机改为另一台主机的地址。' },
    warns: true
  },
  'one-way': {
    en: 'The peer is heard, and does not hear this side: one direction is blocked.',
    zh: '能收到对端，但对端收不到本侧：有一个方向被阻断。',
    todo: {
      en: 'Open the UDP port in the firewall of the peer’s host, and check NAT between the two.',
      zh: '在对端主机的防火墙中放行 UDP 端口，并检查两者之间的 NAT。'
    },
    warns: true
  },
  'port-held-here': {
    en: 'Another pair of this same Node-RED holds the local port.',
    zh: '同一个 Node-RED 的另一个双机对占用了本地端口。',
    todo: { en: 'Delete one of the two pairs, or give one another port.', zh: '删除其中一个双机对，或改用其他端口。' },
    warns: true
  },
  'zone-missing': {
    en: 'An IPv6 address begins with fe80 and does not name its interface.',
    zh: '以 fe80 开头的 IPv6 地址没有注明网络接口。',
    todo: { en: 'Write it with its zone, for example fe80::1%eth0.', zh: '请写明区域，例如 fe80::1%eth0。' },
    warns: true
  },
  'loopback-address': {
    en: 'The local address is one inside this host only (127.…), from which the peer cannot be reached.',
    zh: '本地地址只在本机内部有效（127.…），无法由此到达对端。',
    todo: {
      en: 'Enter the address of the network interface instead, or remove the line 127.0.1.1 from /etc/hosts.',
      zh: '请改填网络接口的地址，或从 /etc/hosts 中删除 127.0.1.1 一行。'
    },
    warns: true
  },
  unused: {
    en: 'This side is Active, and no enabled node uses the pair: nobody acts.',
    zh: '本侧为主，但没有启用的节点使用该对：无人执行输出。',
    todo: {
      en: 'Enable the tab with the pair’s nodes and deploy, or make this side Standby.',
      zh: '启用含该对节点的标签页并部署，或将本侧设为备。'
    },
    warns: true
  },
  'roles-flap': {
    en: 'The roles change again and again.',
    zh: '角色反复切换。',
    todo: {
      en: 'The peer timeout is too short for this network, or the fitness of the two sides keeps changing. The events say which.',
      zh: '对端超时对此网络而言过短，或双方的适合度不断变化。事件记录说明是哪一种。'
    },
    warns: true
  },
  'peer-has-key': {
    en: 'The peer has a key, and this side has none.',
    zh: '对端有密钥，本侧没有。',
    todo: {
      en: 'In this side’s dialog choose “Key” and enter the key of the peer, then deploy.',
      zh: '在本侧的对话框中选择“密钥”，输入对端的密钥并部署。'
    },
    warns: true
  },
  'not-synchronised': {
    en: 'The Standby does not have the newest data.',
    zh: '备侧没有最新的数据。',
    todo: {
      en: 'Wait until the sidebar says that it is in step, then try again. If it stays behind, look at the channel: TCP on the port of the first link. Force goes on without the data.',
      zh: '等侧边栏显示已同步后再试。若一直落后，请检查通道：第一条链路端口上的 TCP。强制指令不等待数据。'
    },
    warns: false
  },
  'data-behind': {
    en: 'The role was handed over without waiting for the data: the latest writes may be missing on the other side.',
    zh: '未等待数据即移交了角色：另一侧可能缺少最近的写入。',
    todo: {
      en: 'Nothing, if the flows do without the last moment. Otherwise compare what was kept on both sides.',
      zh: '若流程可以缺少最后一刻的数据，则无需处理；否则请比较双方保存的内容。'
    },
    warns: false
  },
  'witness-heard': { en: 'The witness answers.', zh: '见证有应答。', todo: NOTHING, warns: false },
  'witness-lost': {
    en: 'The witness does not answer. The pair goes on; if its link fails now too, nobody serves.',
    zh: '见证没有应答。双机对继续运行；若此时双方之间的链路也中断，则无人服务。',
    todo: {
      en: 'Look at the witness’s host, its UDP port, and the firewalls between.',
      zh: '检查见证所在主机、其 UDP 端口以及其间的防火墙。'
    },
    warns: true
  },
  'witness-agreed': {
    en: 'Both sides go by the same witness.',
    zh: '双方使用同一个见证。',
    todo: NOTHING,
    warns: false
  },
  'witness-changed': {
    en: 'Another witness answers under the same address: it lost its files, or there are two of them.',
    zh: '同一地址上应答的是另一个见证：它丢失了文件，或存在两个。',
    todo: {
      en: 'If you have not set it up again, find out which programs use that address and port. The pair agrees on the new one by itself, in contact.',
      zh: '如果没有重新安装见证，请查明哪些程序使用该地址和端口。双方保持联系时会自动就新的见证达成一致。'
    },
    warns: true
  },
  'witness-not-agreed': {
    en: 'The witness is heard, and the two sides have not agreed on it: its voice does not count yet.',
    zh: '能收到见证，但双方尚未就它达成一致：它的一票暂不计入。',
    todo: {
      en: 'Both sides have to reach the same witness: compare its address on both, and see whether both hear it.',
      zh: '双方必须能访问同一个见证：比较双方填写的地址，并查看双方是否都能收到它。'
    },
    warns: true
  },
  'context-differs': {
    en: 'The context store, a gate or a sync node is not the same on both hosts.',
    zh: '两台主机的上下文存储、闸门或同步节点不一致。',
    todo: {
      en: 'Use the same settings.js and the same flows on both hosts.',
      zh: '两台主机使用相同的 settings.js 和相同的流程。'
    },
    warns: true
  },
  'standby-writes': {
    en: 'A flow on the Standby writes to context more than 1,000 times in a second. Such writes change nothing: a loop that waits for one never ends.',
    zh: '备机上的流程一秒内写入上下文超过 1000 次。这些写入不起作用：等待其结果的循环不会结束。',
    todo: {
      en: 'Put the gate before the nodes that write.',
      zh: '把闸门节点放在写入节点之前。'
    },
    warns: true
  },
  'late-writes': {
    en: 'Context was written after the role had gone to the peer. These writes are lost.',
    zh: '角色交给对端之后仍有上下文写入，这些写入已丢弃。',
    todo: {
      en: 'A flow behind the gate works on for longer than a few milliseconds. Let it write before it waits for something.',
      zh: '闸门之后的流程运行超过几毫秒。请在等待之前写入上下文。'
    },
    warns: true
  },
  'sequence-stuck': {
    en: 'A gate that resumes has let nothing through for 5 s: every number of this topic had passed already, or came late. The source has probably begun to count from the start.',
    zh: '“继续”的闸门已 5 秒没有放行任何消息：此主题的编号全都已放行过或迟到。数据源很可能重新从头计数了。',
    todo: {
      en: 'Give the messages a series that is new each time the source starts, and name it in the gate.',
      zh: '为消息加上数据源每次启动都取新值的批次，并在闸门中指定。'
    },
    warns: true
  }
} satisfies Record<ReasonCode, ReasonText>

export const REASONS: Readonly<Record<ReasonCode, ReasonText>> = reasons

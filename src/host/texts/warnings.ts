/** The same of what a person is warned of, by its code: on badges, in the log, in the sidebar. */
import type { WarningCode } from '../events'
import type { SituationText } from './situations'
import type { Text } from './text'

const SAME_KEY = {
  en: 'Enter the same key on {here} and {peer}, and deploy both.',
  zh: '在 {here} 和 {peer} 输入相同的密钥并部署。'
}

export const WARNING_TEXTS = {
  'engine-crashed': {
    short: { en: 'engine crashed · {role}', zh: '引擎崩溃 · {role}' },
    en: 'The engine of this package has crashed on {here} and is started again; the gates of {here} are closed until then.',
    zh: '{here} 上本软件包的引擎已崩溃，正在重启；在此之前 {here} 的闸门保持关闭。',
    todo: {
      en: 'If it lasts, restart Node-RED on {here}. Please report it, with the log.',
      zh: '若持续，请重启 {here} 上的 Node-RED，并附上日志反馈。'
    }
  },
  'files-in-use': {
    short: { en: 'files in use · {role}', zh: '文件被占用 · {role}' },
    en: 'Another process ({holder}) holds this pair’s files on {here}: the pair does not run here.',
    zh: '另一个进程（{holder}）占用 {here} 上该对的文件：该对未在此运行。',
    todo: {
      en: 'Another Node-RED uses the same user directory. Stop it; {here} goes on by itself.',
      zh: '另一个 Node-RED 使用同一用户目录。停止它，{here} 会自动继续。'
    }
  },
  'both-active': {
    short: { en: 'both Active', zh: '双主' },
    en: '{here} and {peer} are Active at the same time. They hear each other, so one yields now.',
    zh: '{here} 和 {peer} 同时为主。双方已互相可达，其中一方即将让位。',
    todo: {
      en: 'Check what both did to the plant meanwhile, and find out why they did not hear each other.',
      zh: '检查双方在此期间对现场设备做了什么，并查明双方为何互相不可达。'
    }
  },
  unused: {
    short: { en: 'no node uses it · {role}', zh: '没有节点使用 · {role}' },
    en: '{here} is Active, and no enabled node on {here} uses this pair: nobody acts.',
    zh: '{here} 为主，但 {here} 上没有启用的节点使用该对：无人执行输出。',
    todo: {
      en: 'Enable the tab with this pair’s nodes on {here} and deploy, or make {here} Standby.',
      zh: '在 {here} 上启用含该对节点的标签页并部署，或将 {here} 设为备。'
    }
  },
  'keys-differ': {
    short: { en: 'wrong key · {role}', zh: '密钥错误 · {role}' },
    en: 'The keys of {here} and {peer} differ. {here} ignores messages with the other key.',
    zh: '{here} 与 {peer} 的密钥不同，{here} 忽略使用另一密钥的报文。',
    todo: SAME_KEY
  },
  'peer-has-no-key': {
    short: { en: 'peer has no key · {role}', zh: '对端无密钥 · {role}' },
    en: '{peer} sends without a key; {here} has one.',
    zh: '{peer} 发送时没有密钥，而 {here} 有。',
    todo: {
      en: 'In the dialog on {peer} choose “Key”, enter the key of {here}, and deploy.',
      zh: '在 {peer} 的对话框中选择“密钥”，输入 {here} 的密钥并部署。'
    }
  },
  'peer-has-key': {
    short: { en: 'no key here · {role}', zh: '本侧无密钥 · {role}' },
    en: '{peer} sends with a key; {here} has none.',
    zh: '{peer} 发送时有密钥，而 {here} 没有。',
    todo: {
      en: 'In the dialog on {here} choose “Key”, enter the key of {peer}, and deploy.',
      zh: '在 {here} 的对话框中选择“密钥”，输入 {peer} 的密钥并部署。'
    }
  },
  'own-address': {
    short: { en: 'own address · {role}', zh: '是本机地址 · {role}' },
    en: '{here} receives what it has sent itself: the address of the peer ({place}) is its own.',
    zh: '{here} 收到自己发出的报文：对端地址（{place}）是本机地址。',
    todo: {
      en: 'Enter the other host’s address as the peer’s host on {here}.',
      zh: '在 {here} 上将对端主机改为另一台主机的地址。'
    }
  },
  'one-way': {
    short: { en: 'one-way link · {role}', zh: '链路仅单向 · {role}' },
    en: '{here} hears {peer}, and {peer} does not hear {here}: one direction is blocked.',
    zh: '{here} 能收到 {peer}，{peer} 收不到 {here}：有一个方向被阻断。',
    todo: {
      en: 'Open the UDP port for {here} in the firewall of {peer}, and check NAT between the two.',
      zh: '在 {peer} 的防火墙中对 {here} 放行 UDP 端口，并检查两者之间的 NAT。'
    }
  },
  'wires-differ': {
    short: { en: 'wires differ · {role}', zh: '线路格式不一致 · {role}' },
    en: 'One of {here} and {peer} uses the classic wire, the other one the extended wire.',
    zh: '{here} 和 {peer} 中一侧使用经典线路，另一侧使用扩展线路。',
    todo: {
      en: 'Choose the same wire on both: extended between two hosts with this package, classic only with a program of 2015.',
      zh: '双方选择相同的线路格式：两侧都是本软件包时用扩展，仅与 2015 版程序通信时用经典。'
    }
  },
  'versions-differ': {
    short: { en: 'versions differ · {role}', zh: '版本不一致 · {role}' },
    en: '{peer} uses another version of the protocol than {here}.',
    zh: '{peer} 使用的协议版本与 {here} 不同。',
    todo: { en: 'Install the same version of this package on both hosts.', zh: '在两台主机上安装相同版本的本软件包。' }
  },
  'foreign-host': {
    short: { en: 'foreign host · {role}', zh: '外来主机 · {role}' },
    en: 'Messages come from a host that is not {peer}; they are rejected.',
    zh: '收到不是来自 {peer} 的报文，已拒绝。',
    todo: {
      en: 'If it is the peer: enter the address that it sends from. If it is not: find out who sends to this port.',
      zh: '若是对端：请填写它实际发送所用的地址；若不是：请查明是谁在向此端口发送。'
    }
  },
  'port-in-use': {
    short: { en: 'port in use · {role}', zh: '端口被占用 · {role}' },
    en: 'Link {link}, port: another program on {here} holds {place}. It is tried again.',
    zh: '链路 {link} 的端口：{here} 上的其他程序占用了 {place}，正在重试。',
    todo: {
      en: 'Find the program (ss -ulpn); often it is a second Node-RED with the same flows.',
      zh: '找出该程序（ss -ulpn）；往往是运行同一流程的第二个 Node-RED。'
    }
  },
  'port-held-here': {
    short: { en: 'port used twice · {role}', zh: '端口重复使用 · {role}' },
    en: 'Link {link}, port: another pair of this same Node-RED on {here} ({pair}) holds {place}.',
    zh: '链路 {link} 的端口：{here} 上同一个 Node-RED 的另一个双机对（{pair}）占用了 {place}。',
    todo: {
      en: 'Delete one of the two pairs, or give this one another port on both hosts.',
      zh: '删除其中一个双机对，或在双方为本对改用其他端口。'
    }
  },
  'zone-missing': {
    short: { en: 'no IPv6 zone · {role}', zh: '缺少 IPv6 区域 · {role}' },
    en: 'Link {link}: the address {place} begins with fe80 and needs the interface behind it.',
    zh: '链路 {link}：地址 {place} 以 fe80 开头，需要注明网络接口。',
    todo: {
      en: 'Write it with its zone, for example fe80::1%eth0, on {here}.',
      zh: '在 {here} 上写明区域，例如 fe80::1%eth0。'
    }
  },
  'loopback-address': {
    short: { en: 'loopback address · {role}', zh: '是回环地址 · {role}' },
    en: 'Link {link}: {leads} an address inside {here} only. {peer} cannot be reached from there.',
    zh: '链路 {link}：{leads}只在 {here} 内部有效，无法到达 {peer}。',
    todo: {
      en: 'Enter the address of the network interface instead, or remove the line 127.0.1.1 from /etc/hosts.',
      zh: '请改填网络接口的地址，或从 /etc/hosts 中删除 127.0.1.1 一行。'
    }
  },
  'host-not-found': {
    short: { en: 'name not found · {role}', zh: '无法解析主机 · {role}' },
    en: 'Link {link}: the name {place} does not resolve on {here}. It is tried again.',
    zh: '链路 {link}：{here} 无法解析主机名 {place}，正在重试。',
    todo: {
      en: 'Check the name and the name server, or enter an address instead.',
      zh: '检查主机名和域名服务器，或改填 IP 地址。'
    }
  },
  'link-failed': {
    short: { en: 'link failed · {role}', zh: '链路出错 · {role}' },
    en: 'Link {link}: {here} cannot use {place}. It is tried again.',
    zh: '链路 {link}：{here} 无法使用 {place}，正在重试。',
    todo: {
      en: 'Is the network interface up, and is the local address one of {here}?',
      zh: '检查网络接口是否启用，以及本地地址是否属于 {here}。'
    }
  },
  'store-failed': {
    short: { en: 'disk: no writes · {role}', zh: '无法写盘 · {role}' },
    en: '{here} cannot write the epoch to its disk.',
    zh: '{here} 无法将 epoch 写入磁盘。',
    todo: {
      en: 'Free disk space, or make userDir/ha-pair writable. Under every policy but availability {here} may be unable to take the role until then.',
      zh: '清理磁盘空间，或使 userDir/ha-pair 可写。在此之前，除“可用性优先”外，各策略下 {here} 可能无法成为主。'
    }
  },
  'store-lost': {
    short: { en: 'epoch file lost · {role}', zh: 'epoch 文件丢失 · {role}' },
    en: 'The epoch file of {here} is damaged or cannot be read; {here} takes the epoch over from {peer}.',
    zh: '{here} 的 epoch 文件损坏或无法读取，将沿用 {peer} 的 epoch。',
    todo: {
      en: 'Check the disk and the rights on userDir/ha-pair. Do not restore the old file, which is kept there.',
      zh: '检查磁盘以及 userDir/ha-pair 的权限。旧文件保留在该处，请勿恢复。'
    }
  },
  'foreign-record': {
    short: { en: 'files used twice · {role}', zh: '文件被两处使用 · {role}' },
    en: 'Another process writes the files of this pair on {here}.',
    zh: '另一个进程在写 {here} 上该对的文件。',
    todo: {
      en: 'Two Node-RED use the same user directory. Stop one of them, then restart the other one.',
      zh: '两个 Node-RED 使用同一用户目录。停止其中一个，然后重启另一个。'
    }
  },
  'settings-differ': {
    short: { en: 'settings differ · {role}', zh: '配置不一致 · {role}' },
    en: '{here} and {peer} differ in {differences}.',
    zh: '{here} 和 {peer} 不一致：{differences}。',
    todo: {
      en: 'Make policy, heartbeat and peer timeout the same on both. With two policies, no promise of either holds.',
      zh: '使双方的策略、心跳间隔和对端超时一致。策略不同时，任何一方的承诺都不成立。'
    }
  },
  'link-down': {
    short: { en: 'link {links} down · {role}', zh: '链路 {links} 中断 · {role}' },
    en: 'Link {links} to {peer} is down ({places}); the pair goes on over the others.',
    zh: '到 {peer} 的链路 {links} 中断（{places}），双机对经其余链路继续运行。',
    todo: {
      en: 'Mend it before the last one fails: cable, switch, address, firewall.',
      zh: '在最后一条链路失效之前修复：网线、交换机、地址、防火墙。'
    }
  },
  'witness-lost': {
    short: { en: 'witness silent · {role}', zh: '见证无应答 · {role}' },
    en: 'The witness ({place}) does not answer {here}. If {here} and {peer} lose each other now too, nobody serves.',
    zh: '见证（{place}）对 {here} 没有应答。若此时 {here} 与 {peer} 也失去联系，则无人服务。',
    todo: {
      en: 'Look at the witness: does it run, does it have this pair’s witness key, is its UDP port open for {here}?',
      zh: '检查见证：是否在运行，是否有该对的见证密钥，其 UDP 端口是否对 {here} 放行。'
    }
  },
  'witness-not-agreed': {
    short: { en: 'no agreed witness · {role}', zh: '见证未商定 · {role}' },
    en: '{here} hears the witness, and {here} and {peer} have not agreed on it: its voice does not count yet.',
    zh: '{here} 能收到见证，但 {here} 与 {peer} 尚未就它达成一致：它的一票暂不计入。',
    todo: {
      en: 'Both have to reach the same witness. See on {peer} whether it hears it, and compare the witness’s address on both.',
      zh: '双方必须能访问同一个见证。在 {peer} 上查看它是否能收到，并比较双方填写的见证地址。'
    }
  },
  'channel-busy': {
    short: { en: 'TCP port in use · {role}', zh: 'TCP 端口被占用 · {role}' },
    en: 'Another program on {here} holds the TCP port of the channel: a crash of {here} is noticed after {after} instead of at once.',
    zh: '{here} 上的其他程序占用了通道的 TCP 端口：{here} 崩溃要到 {after}后才会被发现。',
    todo: {
      en: 'Close that program, or choose another port for link 1 on both hosts.',
      zh: '关闭该程序，或在双方为链路 1 选择其他端口。'
    }
  },
  'channel-blocked': {
    short: { en: 'TCP blocked · {role}', zh: 'TCP 被阻断 · {role}' },
    en: 'The channel to {peer} cannot be opened: a crash of {peer} is noticed after {after} instead of at once.',
    zh: '无法打开到 {peer} 的通道：{peer} 崩溃要到 {after}后才能发现。',
    todo: {
      en: 'Open the TCP port (the number of link 1) in both firewalls.',
      zh: '请在双方防火墙中放行该 TCP 端口（与链路 1 的端口号相同）。'
    }
  },
  'third-party': {
    short: { en: 'third host · {role}', zh: '有第三方 · {role}' },
    en: 'A third host with the same key sends to {here}; it is ignored.',
    zh: '持有相同密钥的第三台主机在向 {here} 发送，已忽略。',
    todo: {
      en: 'Find the other Node-RED that points at this port (a copied host, a test machine) and stop it.',
      zh: '找出指向此端口的另一个 Node-RED（被复制的主机、测试机）并将其停止。'
    }
  },
  'roles-flap': {
    short: { en: 'roles flap · {role}', zh: '角色反复切换 · {role}' },
    en: 'The roles changed {changes} times within {minutes} minutes.',
    zh: '{minutes} 分钟内角色改变了 {changes} 次。',
    todo: {
      en: 'The event list says why. Peer offline each time: raise the peer timeout above the pauses of the network. Fitness: see what the health nodes measure.',
      zh: '事件记录中有原因。若每次都是对端离线：将对端超时调到大于网络的停顿；若是适合度：检查健康节点所测内容。'
    }
  },
  'same-priority': {
    short: { en: 'same priority · {role}', zh: '优先级相同 · {role}' },
    en: '{here} and {peer} have the same priority ({priority}), so chance decided which one is preferred.',
    zh: '{here} 和 {peer} 的优先级相同（{priority}），首选侧由随机标识决定。',
    todo: {
      en: 'Give the host that shall serve when the link is cut a higher priority.',
      zh: '为链路中断时应继续服务的主机设置更高的优先级。'
    }
  },
  'clocks-differ': {
    short: { en: 'clocks differ · {role}', zh: '时钟不一致 · {role}' },
    en: 'The clocks of {here} and {peer} are {seconds} s apart.',
    zh: '{here} 和 {peer} 的时钟相差 {seconds} 秒。',
    todo: {
      en: 'Let both hosts take the time from the same server (NTP). Roles do not depend on it; the logs do not fit together.',
      zh: '让两台主机从同一服务器同步时间（NTP）。角色不受影响，但双方的日志将对不上。'
    }
  },
  'bad-frame': {
    short: { en: 'bad messages · {role}', zh: '收到无效报文 · {role}' },
    en: '{here} receives messages that are not from this pair ({cause}); they are rejected.',
    zh: '{here} 收到不属于该对的报文（{cause}），已拒绝。',
    todo: {
      en: 'Something else sends to this port: open it to {peer} only.',
      zh: '有其他程序向此端口发送数据：请只对 {peer} 开放该端口。'
    }
  },
  'flows-differ': {
    short: { en: 'flows differ · {role}', zh: '流程不一致 · {role}' },
    en: '{here} and {peer} run different flows.',
    zh: '{here} 和 {peer} 运行的流程不一致。',
    todo: {
      en: 'Deploy the same flows on both. Until then a takeover also changes what is done.',
      zh: '在双方部署相同的流程。在此之前，一旦切换，执行的内容也会随之改变。'
    }
  },
  'were-both-active': {
    short: { en: 'were both Active · {role}', zh: '曾双主 · {role}' },
    en: '{here} and {peer} were both Active from {from} to {to}. It is over.',
    zh: '{here} 和 {peer} 从 {from} 到 {to} 同时为主，现已结束。',
    todo: {
      en: 'Check what both did to the plant in that time, and find out why they did not hear each other.',
      zh: '检查双方在此期间对现场设备做了什么，并查明双方为何互相不可达。'
    }
  },
  'cloned-identity': {
    short: { en: 'copied identity · {role}', zh: '标识被复制 · {role}' },
    en: '{here} and {peer} had the same stored identity (a copied user directory); one has taken a new one.',
    zh: '{here} 和 {peer} 存储的标识相同（用户目录被复制），其中一侧已更换。',
    todo: {
      en: 'Nothing now. When you set up a host from a copy, delete its userDir/ha-pair first.',
      zh: '目前无需处理。今后用副本搭建主机时，请先删除其 userDir/ha-pair。'
    }
  },
  suspended: {
    short: { en: 'was suspended · {role}', zh: '曾挂起 · {role}' },
    en: '{here} was suspended, or its clock was set forward, by {seconds} s.',
    zh: '{here} 曾挂起，或时钟被向前调整了 {seconds} 秒。',
    todo: {
      en: 'Switch off sleep and live migration for {here}, and let its time service slew the clock.',
      zh: '关闭 {here} 的休眠和在线迁移，并让时间同步服务平滑校时。'
    }
  },
  'clock-set-back': {
    short: { en: 'clock set back · {role}', zh: '时钟被调回 · {role}' },
    en: 'The clock of {here} was set back by {seconds} s.',
    zh: '{here} 的时钟被向后调整了 {seconds} 秒。',
    todo: {
      en: 'Roles do not depend on it, but times in logs now overlap. Let the time service slew the clock.',
      zh: '角色不受影响，但日志时间会重叠。请让时间同步服务平滑校时。'
    }
  },
  'context-differs': {
    short: { en: 'context differs · {role}', zh: '上下文不一致 · {role}' },
    en: '{here} and {peer} do not have the same context stores, gates or sync nodes: {differences}.',
    zh: '{here} 与 {peer} 的上下文存储、闸门或同步节点不一致：{differences}。',
    todo: {
      en: 'Use the same settings.js and the same flows on {here} and {peer}.',
      zh: '在 {here} 和 {peer} 使用相同的 settings.js 和相同的流程。'
    }
  },
  'standby-writes': {
    short: { en: 'Standby writes · {role}', zh: '备侧写入 · {role}' },
    en: 'A flow on {here}, which is Standby, writes to context more than 1,000 times in a second ({scope}: {key}). Such writes change nothing: a loop that waits for one never ends.',
    zh: '{here} 为备，其流程一秒内写入上下文超过 1000 次（{scope}：{key}）。这些写入不起作用：等待其结果的循环不会结束。',
    todo: { en: 'Put the gate before the nodes that write.', zh: '把闸门放在写入节点之前。' }
  },
  'late-writes': {
    short: { en: 'late writes lost · {role}', zh: '迟到写入丢失 · {role}' },
    en: 'Context was written on {here} after the role had gone to {peer} ({scope}: {key}). These writes are lost.',
    zh: '角色交给 {peer} 之后，{here} 仍写入了上下文（{scope}：{key}），这些写入已丢弃。',
    todo: {
      en: 'A flow behind the gate works on for longer than a few milliseconds. Let it write before it waits for something.',
      zh: '闸门之后的流程运行超过几毫秒。请在等待之前写入上下文。'
    }
  },
  'sequence-stuck': {
    short: { en: 'numbers start over · {role}', zh: '编号重新开始 · {role}' },
    en: 'The gate {node} on {here} has let nothing{ofTopic} through for 5 s: every number had passed already, or came late.',
    zh: '{here} 的闸门 {node} 已 5 秒没有放行{ofTopic}消息：编号全都已放行过或迟到。',
    todo: {
      en: 'The source has probably begun to count from the start. Give the messages a series that is new each time it starts, and name it in the gate.',
      zh: '数据源很可能重新从头计数了。请为消息加上每次启动都取新值的批次，并在闸门中指定。'
    }
  },
  'weak-key': {
    short: { en: 'weak key · {role}', zh: '弱密钥 · {role}' },
    en: 'The key on {here} is short or easy to guess.',
    zh: '{here} 上的密钥过短或容易猜到。',
    todo: { en: 'Let the dialog make a key, and enter it on both sides.', zh: '由对话框生成密钥，并在双方输入。' }
  },
  'no-key': {
    short: { en: 'no key · {role}', zh: '没有密钥 · {role}' },
    en: 'The pair has no key: anyone who reaches the port can take the role.',
    zh: '该对没有密钥：任何能访问该端口的人都可夺取角色。',
    todo: { en: 'Enter the same strong key on both sides.', zh: '在双方填写相同的强密钥。' }
  },
  'classic-wire': {
    short: { en: 'classic wire · {role}', zh: '经典线路 · {role}' },
    en: 'The classic wire has no key, no epochs and no sessions: a forged or late message changes roles.',
    zh: '经典线路没有密钥、epoch 和会话：伪造或迟到的报文即可改变角色。',
    todo: {
      en: 'Use it only with a program of 2015 and on a network that you trust.',
      zh: '仅在可信网络上与 2015 版程序通信时使用。'
    }
  }
} satisfies Record<WarningCode, SituationText>

export const SOLVED: Text = { en: 'Solved: {short}.', zh: '已解决：{short}。' }

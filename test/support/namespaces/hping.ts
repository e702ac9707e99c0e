/** How faults and attacks call hping3. */

/** What hping3 takes for a packet, about, and 50 us by which its timer is late. */
const PACKET_US = 65

/** Arguments for that many a second. */
export function paced(perSecond: number): string[] {
  return ['-q', '-i', `u${Math.max(1, Math.round(1e6 / perSecond) - PACKET_US)}`]
}

/** Arguments for forged 'port unreachable': as if a datagram between these two had been refused by the host it went to. */
export function unreachable(quoted: {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly perSecond: number
}): string[] {
  const port = String(quoted.port)
  const ends = ['--icmp-ipsrc', quoted.from, '--icmp-srcport', port, '--icmp-ipdst', quoted.to, '--icmp-dstport', port]
  const kind = ['-1', '--icmptype', '3', '--icmpcode', '3', '--icmp-ipproto', '17']
  return [...paced(quoted.perSecond), ...kind, ...ends]
}

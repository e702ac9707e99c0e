/** Arguments of hping3 for forged 'port unreachable': as if a datagram between these two had been refused by the host it went to. */
export function unreachable(quoted: {
  readonly from: string
  readonly to: string
  readonly port: number
  readonly perSecond: number
}): string[] {
  const { from, to, port, perSecond } = quoted
  return [
    ...[
      '-q',
      '-1',
      '-i',
      `u${Math.round(1e6 / perSecond)}`,
      '--icmptype',
      '3',
      '--icmpcode',
      '3',
      '--icmp-ipproto',
      '17'
    ],
    ...['--icmp-ipsrc', from, '--icmp-ipdst', to, '--icmp-srcport', String(port), '--icmp-dstport', String(port)]
  ]
}

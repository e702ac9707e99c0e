/** What keeps a witness from lending its voice, for people. */
import { fill, type Text } from '../host/texts/text'
import type { WitnessProblem } from './witness'

const PROBLEMS: Readonly<Record<WitnessProblem['kind'], Text>> = {
  'files-in-use': {
    en: 'Another process ({detail}) has its folder: two witnesses must not share one. It goes on by itself when that one ends.',
    zh: '另一个进程（{detail}）占用了其文件夹：两个见证不能共用。对方结束后会自动继续。'
  },
  'files-failed': {
    en: 'Its folder cannot be read or written ({detail}), so it lends nothing. Free disk space, or look at the rights on it.',
    zh: '其文件夹无法读写（{detail}），因此不借出任何一票。请清理磁盘空间或检查权限。'
  },
  'port-in-use': {
    en: 'Another program holds its UDP port ({detail}). Find it (ss -ulpn), or choose another port here and in the pairs.',
    zh: '其他程序占用了其 UDP 端口（{detail}）。请找出该程序（ss -ulpn），或在此处和各对中改用其他端口。'
  },
  'address-not-here': {
    en: 'Its address is none of this host ({detail}).',
    zh: '其地址不属于本机（{detail}）。'
  },
  'socket-failed': { en: 'Its socket cannot be opened ({detail}).', zh: '无法打开其套接字（{detail}）。' },
  'files-taken': {
    en: 'Another start of this witness writes its files: this one lends nothing any more. Stop one of the two, then restart the other.',
    zh: '该见证的另一个进程在写其文件：本进程不再借出。请停止其中一个，再重启另一个。'
  }
}

export function problemText(problem: WitnessProblem): Text {
  return fill(PROBLEMS[problem.kind], { detail: 'detail' in problem ? problem.detail : '' })
}

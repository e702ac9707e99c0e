/** Health paths of every kind: what the dialog and the running pair have to judge alike. */

const PLAIN = ['', ' ', '/ha-pair', ' /ha-pair ', '/a/b/c', '/A.b_c~d-9', '/ha/line-1', '/...', '/.well-known/ha-pair']
const SLASHES = ['ha-pair', '/', '//', '/a/', '/a//', '/a//b', '/.', '/..', '/../x', '/a/../b', '/a/./b', '/a/..']
const ODD = [
  '/a b',
  '/ä',
  '/产线',
  '/a?b',
  '/a#b',
  '/:id',
  '/*',
  '/a(b)',
  '/%2e%2e',
  'http://host/a',
  '/a\\b',
  '/a\nb',
  '/a${X}'
]
const LENGTHS = [1, 2, 64, 128, 198, 199, 200, 201, 2000]

export function healthPathCases(): string[] {
  const long = LENGTHS.map((length) => `/${'a'.repeat(length)}`)
  return [...PLAIN, ...SLASHES, ...ODD, ...long, ...long.map((path) => `${path}/`)]
}

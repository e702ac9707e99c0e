/**
 * `npm run pictures`: installs and builds what is missing, then makes the pictures of the README (test/system/browser/pictures.ts
 * says which, and what it takes). Besides Chromium it needs ImageMagick and a font with Chinese signs:
 * Debian's chromium, imagemagick and fonts-noto-cjk. `npm run pictures -- --start` makes the moving one of `npm start`;
 * `-- --situations` those of all that the screen may say, in both languages and themes, into .tmp/situations: to be looked at.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { FURTHER_TREES, ROOT } from './build.mjs'
import { makeMovingPicture } from './moving-picture.mjs'

if (process.argv.includes('--start')) {
  await makeMovingPicture()
  process.exit()
}

const answers = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' }).stdout ?? ''

const missing = [
  ...(answers('convert', '-version').includes('ImageMagick') ? [] : ['imagemagick']),
  ...(answers('fc-list', ':lang=zh-cn').trim() === ''
    ? ['fonts-noto-cjk (fc-list names no font with Chinese signs)']
    : [])
]
if (missing.length > 0) {
  console.error(`No pictures without: ${missing.join(', ')}`)
  process.exit(1)
}
bootstrap({ further: FURTHER_TREES, nodeRed5: true })
if (process.argv.includes('--situations')) {
  // What follows goes to mocha: `-- --situations -g 'Node-RED 5 cut'`.
  const further = process.argv.slice(process.argv.indexOf('--situations') + 1)
  const tests = join(ROOT, 'dist', 'test', 'system', 'situations', 'situations.test.js')
  const mocha = join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const gallery = { HA_PAIR_WHOLE: '1', HA_PAIR_GALLERY: join(ROOT, '.tmp', 'situations') }
  const env = { ...process.env, ...gallery }
  process.exit(
    spawnSync(process.execPath, [mocha, '--exit', tests, ...further], { cwd: ROOT, stdio: 'inherit', env }).status ?? 1
  )
}
const run = spawnSync(
  process.execPath,
  [join(ROOT, 'dist', 'test', 'system', 'browser', 'pictures.js'), ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit'
  }
)
process.exit(run.status ?? 1)

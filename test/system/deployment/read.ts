import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/root'

export const readDeployment = (name: string): string =>
  readFileSync(join(ROOT, 'docs', 'operating', 'deployment', name), 'utf8')

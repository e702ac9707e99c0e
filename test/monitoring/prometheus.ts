/** promtool, and what the files for Prometheus and Grafana ask for. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../e2e/harness/versions'

export const FOLDER = join(ROOT, 'docs', 'monitoring')

export function promtool(args: readonly string[], input = ''): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { code: status, said: `${stdout}${stderr}`.trim() }
}

export interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string }
}

export function alertRules(): readonly Rule[] {
  const text = readFileSync(join(FOLDER, 'prometheus-alerts.yaml'), 'utf8')
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly { readonly expr: string }[] }
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string }[]
}

export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8')) as Dashboard
}

/** Every query of the dashboard, with what Grafana would put in for its variables. */
export function dashboardQueries(): readonly string[] {
  const { panels, annotations } = dashboard()
  const all = [...panels.flatMap(({ targets = [] }) => targets), ...annotations.list]
  return all.map(({ expr }) => expr.replaceAll('$pair', '.*').replaceAll('$__rate_interval', '1m'))
}

const metricsIn = (queries: readonly string[]): string[] => [
  ...new Set(queries.flatMap((query) => [...query.matchAll(/\bha_pair_\w+/g)].map(([name]) => name)))
]

export function dashboardMetrics(): readonly string[] {
  return metricsIn([...dashboardQueries(), ...dashboard().templating.list.map(({ definition = '' }) => definition)])
}

export function alertMetrics(): readonly string[] {
  return metricsIn(alertRules().map(({ expr }) => expr))
}

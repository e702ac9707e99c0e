/** promtool, and what the files for Prometheus and Grafana ask for. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { eventually } from './eventually'
import { killChild } from './kill-child'
import { freePort } from './ports'
import { ROOT } from './root'

export const FOLDER = join(ROOT, 'docs', 'operating', 'monitoring')

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

const READY_LIMIT_MS = 15_000

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

export interface Pace {
  /** How often it scrapes and judges. */
  readonly every: string
  /** Alerts come as soon as what they are about is so. */
  readonly atOnce: boolean
}

/** A Prometheus with the configuration and the rules of the documentation, that scrapes these addresses every second, or as told. */
export class Prometheus {
  readonly #url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.#url = url
    this.#child = child
  }

  static async start(
    folder: string,
    targets: readonly string[],
    { every, atOnce }: Pace = { every: '1s', atOnce: false }
  ): Promise<Prometheus> {
    const configuration = parse(readFileSync(join(FOLDER, 'prometheus.yaml'), 'utf8')) as {
      global: { scrape_interval: string; evaluation_interval: string }
      scrape_configs: { static_configs: { targets: readonly string[] }[] }[]
    }
    configuration.global = { scrape_interval: every, evaluation_interval: every }
    for (const { static_configs: groups } of configuration.scrape_configs)
      for (const group of groups) group.targets = targets
    const file = join(folder, 'prometheus.yaml')
    writeFileSync(file, stringify(configuration))
    const rules = readFileSync(join(FOLDER, 'prometheus-alerts.yaml'), 'utf8')
    writeFileSync(join(folder, 'prometheus-alerts.yaml'), atOnce ? rules.replaceAll(/^ *for: \S+\n/gm, '') : rules)
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn(
      'prometheus',
      [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${address}`],
      { stdio: 'ignore' }
    )
    const prometheus = new Prometheus(`http://${address}`, child)
    await eventually('Prometheus is ready', READY_LIMIT_MS, async () => (await fetch(`http://${address}/-/ready`)).ok)
    return prometheus
  }

  /** Errors: throws on a query that Prometheus refuses. */
  async ask(query: string): Promise<readonly Series[]> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { status, error, data } = (await response.json()) as {
      status: string
      error?: string
      data: { result: readonly Series[] }
    }
    if (status !== 'success') throw new Error(`${query}: ${error}`)
    return data.result
  }

  stop(): Promise<void> {
    return killChild(this.#child)
  }
}

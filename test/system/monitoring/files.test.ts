/** The files for Prometheus and Grafana, without a pair. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../support/root'
import { has } from '../../support/haproxy'
import { alertRules, dashboard, dashboardQueries, FOLDER, type Panel, promtool } from '../../support/prometheus'

const UNIT_TESTS = join(ROOT, 'test', 'system', 'monitoring', 'prometheus-alerts.test.yaml')

describe('the files for monitoring', () => {
  describe('in promtool’s judgement', () => {
    before(function () {
      if (has('promtool', '--version')) return
      console.log('# not run: promtool (Debian: prometheus) is needed')
      this.skip()
    })

    it('the alert rules and the scrape configuration are right', () => {
      for (const args of [
        ['check', 'rules', join(FOLDER, 'prometheus-alerts.yaml')],
        ['check', 'config', join(FOLDER, 'prometheus.yaml')]
      ]) {
        const { code, said } = promtool(args)
        assert.equal(code, 0, said)
        assert.match(said, /SUCCESS/)
      }
    })

    it('each alert comes when it must, with its words, and only then', () => {
      const { code, said } = promtool(['test', 'rules', UNIT_TESTS])
      assert.equal(code, 0, said)
    })
  })

  it('each alert has been tried, firing and silent, and says what to do', () => {
    interface Trial {
      readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: readonly object[] }[]
    }
    const { tests } = parse(readFileSync(UNIT_TESTS, 'utf8')) as { tests: readonly Trial[] }
    const trials = tests.flatMap((trial) => trial.alert_rule_test)
    for (const { alert, labels, annotations } of alertRules()) {
      const own = trials.filter(({ alertname }) => alertname === alert)
      assert.ok(
        own.some(({ exp_alerts = [] }) => exp_alerts.length > 0),
        `${alert} never fires`
      )
      assert.ok(
        own.some(({ exp_alerts = [] }) => exp_alerts.length === 0),
        `${alert} is never silent`
      )
      assert.match(labels.severity, /^(critical|warning|info)$/)
      assert.match(annotations.summary, /\S/)
      assert.match(annotations.description, /\.$/)
    }
  })

  it('the dashboard is one that Grafana can draw: every panel asks, has its own place, and none lies over another', () => {
    const { panels, uid, title, schemaVersion } = dashboard()
    assert.ok(uid !== '' && title !== '' && schemaVersion >= 36)
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const taken = new Map<string, Panel>()
    for (const panel of panels) {
      const { x, y, w, h } = panel.gridPos
      assert.ok(x >= 0 && x + w <= 24 && w > 0 && h > 0, panel.title)
      if (panel.type !== 'row') assert.ok((panel.targets ?? []).length > 0, panel.title)
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          const other = taken.get(`${column} ${line}`)
          assert.equal(other, undefined, `${panel.title} lies over ${other?.title}`)
          taken.set(`${column} ${line}`, panel)
        }
      }
    }
    for (const query of dashboardQueries()) assert.doesNotMatch(query, /\$/, 'a variable that nobody sets')
  })

  it('the page links to each of them, and each alert is on it', () => {
    const page = readFileSync(join(ROOT, 'docs', 'operating', 'MONITORING.md'), 'utf8')
    for (const name of ['haproxy.cfg', 'prometheus.yaml', 'prometheus-alerts.yaml', 'grafana-dashboard.json']) {
      assert.ok(page.includes(`(monitoring/${name})`), name)
    }
    const rows = [...page.matchAll(/^\| `(HaPair\w+)`/gm)].map(([, name]) => name)
    assert.deepEqual(
      rows,
      alertRules().map(({ alert }) => alert)
    )
  })
})

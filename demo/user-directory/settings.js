// Node-RED's settings for either side of the demo. What differs between the two comes from the environment.
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: Number(process.env.DEMO_EDITOR_PORT),
  flowFile: 'flow.json',
  flowFilePretty: true,
  // The credentials file beside the flow holds no secret, it names the environment's ${HA_PAIR_KEY}.
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: {
    page: { title: `Side ${process.env.HA_SIDE} of the pair` },
    header: { title: `ha-pair, side ${process.env.HA_SIDE}` },
    tours: false,
    palette: { editable: false }
  },
  logging: { console: { level: 'info', metrics: false, audit: false } }
}

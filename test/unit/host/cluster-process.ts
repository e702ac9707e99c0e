/** Two workers of a cluster, as pm2 makes them, each of which runs the same side: `node cluster-process.js <settings as JSON>`. */
import cluster from 'node:cluster'

cluster.setupPrimary({ exec: require.resolve('../../support/side-process'), args: [process.argv[2] ?? '', 'alone'] })
for (let i = 0; i < 2; i++) cluster.fork()

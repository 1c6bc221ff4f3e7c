import { it } from 'vitest'
import { simulateCalls, VirtualClock } from '/work/main/src/simulator/index.ts'
import { echo, startSmallServer } from '/work/main/test/simulator/small-server.ts'
it('real 100', async () => {
  const server = await startSmallServer({ onMessage: echo })
  const r = await simulateCalls({ voiceUrl: server.voiceUrl, seconds: 5, calls: 100, wavPath: '/work/main/src/examples/speech/caller.wav' })
  const rt = r.map(x=>x.report.roundTripMs?.p50 ?? -1).toSorted((a,b)=>a-b)
  console.log(rt[0], rt[50], rt[99], r.map(x=>x.report.framesSent).toSorted((a,b)=>a-b)[0], r.reduce((s,x)=>s+x.report.underruns,0), r.flatMap(x=>x.problems).length, process.memoryUsage().rss/1e6, process.cpuUsage())
  await server.close()
},60000)
it('virtual 50', async () => {
  const server = await startSmallServer({ onMessage: echo })
  const t=performance.now()
  const r = await simulateCalls({ voiceUrl: server.voiceUrl, seconds: 5, calls: 50, clock: new VirtualClock(), wavPath: '/work/main/src/examples/speech/caller.wav' })
  console.log('virtual', performance.now()-t, r[0]?.report)
  await server.close()
},60000)

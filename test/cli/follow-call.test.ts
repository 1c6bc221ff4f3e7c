import { describe, expect, it } from 'vitest'
import type { CallView } from '../../src/call-view.ts'
import { CommandFailure, ServerUnreachable } from '../../src/cli/command-failure.ts'
import { followCall } from '../../src/cli/follow-call.ts'
import type { Progress } from '../../src/http/progress-desk.ts'
import { CALL, ENDED } from './small-api.ts'

const END: Progress = { type: 'end', call: ENDED }
const ACTIVE: CallView = { ...CALL, state: 'active' }

function state(name: string): Progress {
  return { type: 'state', state: name, path: name, reason: null, at: '2026-11-25T10:00:00.000Z' }
}

/** A server that tells `streams`, one a connection, each of which breaks, and in between shows the call as in `looks`. */
function serverWith(streams: readonly (readonly Progress[])[], looks: readonly (CallView | Error)[]) {
  const [connections, views] = [[...streams], [...looks]]
  return {
    async *progress(): AsyncGenerator<Progress> {
      const told = connections.shift()
      if (told === undefined) throw new ServerUnreachable('nobody there')
      yield* told
      if (told.at(-1)?.type !== 'end') throw new TypeError('terminated')
    },
    find(): Promise<CallView> {
      const view = views.length > 1 ? views.shift() : views[0]
      return view instanceof Error ? Promise.reject(view) : Promise.resolve(view ?? CALL)
    },
  }
}

async function follow(server: Parameters<typeof followCall>[0]): Promise<string[]> {
  const lines: string[] = []
  for await (const progress of followCall(server, CALL.id, 0)) {
    lines.push(progress.type === 'state' ? progress.state : progress.type)
  }
  return lines
}

describe('following a call', () => {
  it('is over with its end', async () => {
    expect(await follow(serverWith([[state('connecting'), state('active'), END]], []))).toEqual([
      'connecting',
      'active',
      'end',
    ])
  })

  it('looks at the call when the connection breaks, and takes up another one', async () => {
    const server = serverWith([[state('connecting')], [state('active'), END]], [CALL])
    expect(await follow(server)).toEqual(['connecting', 'active', 'end'])
  })

  it('tells what it sees at its look, if that is new', async () => {
    const server = serverWith([[state('connecting')], [], [END]], [ACTIVE])
    expect(await follow(server)).toEqual(['connecting', 'active', 'end'])
  })

  it('ends with a call that came to its end meanwhile', async () => {
    expect(await follow(serverWith([[state('active')]], [ENDED]))).toEqual(['active', 'end'])
  })

  it('goes on with looks alone where no connection can be had', async () => {
    expect(await follow(serverWith([], [CALL, CALL, ACTIVE, ENDED]))).toEqual(['connecting', 'active', 'end'])
  })

  it('bears a server that cannot be reached for a while', async () => {
    const gone = new ServerUnreachable('could not reach it')
    expect(await follow(serverWith([[state('active')]], [gone, gone, ENDED]))).toEqual(['active', 'end'])
  })

  it('gives up on one that stays away', async () => {
    const gone = new ServerUnreachable('could not reach it')
    await expect(follow(serverWith([[state('active')]], [gone]))).rejects.toBe(gone)
  })

  it('gives up at once when the server refuses to show the call', async () => {
    const refusal = new CommandFailure('the server refused (TOKEN_INVALID)')
    await expect(follow(serverWith([], [refusal, ENDED]))).rejects.toBe(refusal)
  })
})

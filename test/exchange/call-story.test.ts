import { createActor } from 'xstate'
import { describe, expect, it } from 'vitest'
import { callMachine, DEFAULT_CALL_TIMING } from '../../machines/index.ts'
import { CallStory, type StoryListener } from '../../src/exchange/call-story.ts'
import type { Happening } from '../../src/recorder.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'

const WEBHOOK: Happening = { what: 'webhook', route: 'voice', callStatus: 'ringing' }
const MALFORMED: Happening = { what: 'malformed', stream: 1 }

function createStory() {
  const clock = new VirtualClock()
  const input = { id: 'call_x', direction: 'inbound' as const, callSid: undefined, timing: DEFAULT_CALL_TIMING }
  const faults: unknown[] = []
  const actor = createActor(callMachine, { clock, input })
  return { faults, story: new CallStory({ clock, actor, onFault: (error) => faults.push(error) }) }
}

/** Writes down what it is told, after doing what it must. */
function listener({ wantsMedia = true, act = () => {} }: { wantsMedia?: boolean; act?: () => void } = {}) {
  const heard: string[] = []
  const tape: StoryListener['tape'] = {
    note: (_, { what }) => {
      act()
      heard.push(what)
    },
    close: () => heard.push('closed'),
  }
  return { heard, tape, wantsMedia }
}

describe('the story of a call', () => {
  it('is told to everybody, and what goes over its sockets to whoever wants it', () => {
    const { story } = createStory()
    const [all, few] = [listener(), listener({ wantsMedia: false })]
    story.listen(all)
    story.listen(few)
    story.note(WEBHOOK)
    story.note(MALFORMED)
    story.end({ state: 'ended', reason: 'caller hung up', cause: undefined }, {})
    expect(all.heard).toEqual(['webhook', 'malformed', 'end', 'closed'])
    expect(few.heard).toEqual(['webhook', 'end', 'closed'])
  })

  it('is not told any more to whoever has left, not even when another one saw to that while being told', () => {
    const { story } = createStory()
    let leave = () => {}
    const second = listener()
    const first = listener({ act: () => leave() })
    story.listen(first)
    leave = story.listen(second)
    story.note(WEBHOOK)
    story.note(MALFORMED)
    expect(first.heard).toEqual(['webhook', 'malformed'])
    expect(second.heard).toEqual([])
  })

  it('goes on without a listener that throws, and says so once', () => {
    const { story, faults } = createStory()
    const broken = listener({
      act: () => {
        throw new Error('no paper left')
      },
    })
    const other = listener()
    story.listen(broken)
    story.listen(other)
    story.note(WEBHOOK)
    story.note(MALFORMED)
    expect(other.heard).toEqual(['webhook', 'malformed'])
    expect(faults).toEqual([new Error('no paper left')])
  })

  it('has nothing to say of a stream to which nobody listens', () => {
    const { story } = createStory()
    story.listen(listener({ wantsMedia: false }))
    expect(story.nextStream('MZ1')).toBeUndefined()
    const all = listener()
    story.listen(all)
    story.nextStream('MZ2')?.lost('gone')
    expect(all.heard).toEqual(['received', 'lost'])
  })
})

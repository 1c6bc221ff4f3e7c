import {
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api'
import type { CallFacts } from '../directory.ts'
import type { CallTape } from '../recorder.ts'
import { TraceTape } from './trace-tape.ts'

/** A call that is traced, or whose trace was left out by the SDK's choice. */
export interface CallTrace {
  /** To be told what happens in the call; undefined when nobody records the span, and so nothing need be watched. */
  readonly tape: CallTape | undefined
  /** Does it, now and in what it awaits, with the call's span as the parent of every span that is started. */
  readonly within: <Result>(act: () => Result) => Result
}

/**
 * Begins the span of a call: it ends when its tape is closed. Without an SDK there is nothing to begin, and the answer is
 * undefined.
 */
export function traceCall(tracer: Tracer, facts: CallFacts): CallTrace | undefined {
  const { id, callSid, direction, agent } = facts
  const isInbound = direction === 'inbound'
  const parent = isInbound ? ROOT_CONTEXT : context.active()
  const options = {
    kind: isInbound ? SpanKind.SERVER : SpanKind.CLIENT,
    links: isInbound ? linksToNow() : [],
    // No numbers and no parameters: a trace goes to whoever collects traces.
    attributes: {
      'callchart.call.id': id,
      ...(callSid === undefined ? {} : { 'callchart.call.sid': callSid }),
      'callchart.direction': direction,
      'callchart.agent': agent,
    },
  }
  const span = tracer.startSpan('callchart.call', options, parent)
  if (!isSpanContextValid(span.spanContext())) return undefined
  const inside = trace.setSpan(parent, span)
  return {
    tape: span.isRecording() ? new TraceTape({ tracer, span, inside, isSidKnown: callSid !== undefined }) : undefined,
    within: (act) => context.with(inside, act),
  }
}

/** An incoming call outlives by far the webhook that brought it: it is a trace of its own, which points there. */
function linksToNow(): Link[] {
  const webhook: Span | undefined = trace.getActiveSpan()
  return webhook === undefined ? [] : [{ context: webhook.spanContext() }]
}

import { createHash, randomBytes } from 'node:crypto'

/**
 * The directory: which calls there are, how to find one by its id or its CallSid, and the one-shot tokens by which a
 * media stream proves that it belongs to a call.
 *
 * It is a port: webhook, socket and API request of one call need not land in one process, so what they share lives
 * here and nowhere else. The default keeps it in memory, for one process.
 */

export interface CallFacts {
  readonly id: string
  readonly direction: 'inbound' | 'outbound'
  readonly callSid: string | undefined
  readonly from: string
  readonly to: string
  readonly agent: string
  /** The application's own values for this call; they stay on the server. */
  readonly parameters: Readonly<Record<string, string>>
  /** Epoch milliseconds. */
  readonly startedAt: number
}

type Awaitable<T> = T | Promise<T>

export interface CallDirectory {
  /** Enters the facts, unless a call with the same CallSid is there already: then returns that one's. Atomic. */
  claim(facts: CallFacts): Awaitable<CallFacts>
  /** By our id or by CallSid. */
  find(key: string): Awaitable<CallFacts | undefined>
  /** Learns the CallSid of an outbound call; of one CallSid, the first call stands. */
  bind(id: string, callSid: string): Awaitable<void>
  /** The call's unspent token, or a fresh one; for a call that is not here, one that opens nothing. */
  token(id: string): Awaitable<string>
  /** Spends a token: the id of its call, once. Atomic. */
  redeem(token: string): Awaitable<string | undefined>
  /** Forgets the call and its token. */
  remove(id: string): Awaitable<void>
}

export class MemoryDirectory implements CallDirectory {
  readonly #calls = new Map<string, CallFacts>()
  readonly #idOfSid = new Map<string, string>()
  /** By the token's digest: how far a guess agrees with a token must not show in the time that looking it up takes. */
  readonly #idOfToken = new Map<string, string>()
  readonly #tokenOfId = new Map<string, string>()

  claim(facts: CallFacts): CallFacts {
    const known = facts.callSid === undefined ? undefined : this.find(facts.callSid)
    if (known !== undefined) return known
    this.#calls.set(facts.id, facts)
    if (facts.callSid !== undefined) this.#idOfSid.set(facts.callSid, facts.id)
    return facts
  }

  find(key: string): CallFacts | undefined {
    return this.#calls.get(this.#idOfSid.get(key) ?? key)
  }

  bind(id: string, callSid: string): void {
    const facts = this.#calls.get(id)
    if (facts === undefined || this.#idOfSid.has(callSid)) return
    if (facts.callSid !== undefined) this.#idOfSid.delete(facts.callSid)
    this.#calls.set(id, { ...facts, callSid })
    this.#idOfSid.set(callSid, id)
  }

  token(id: string): string {
    const unspent = this.#tokenOfId.get(id)
    if (unspent !== undefined) return unspent
    const token = randomBytes(24).toString('base64url')
    // The call may be over since it was looked up: nothing would ever forget this token again.
    if (!this.#calls.has(id)) return token
    this.#tokenOfId.set(id, token)
    this.#idOfToken.set(digestOf(token), id)
    return token
  }

  redeem(token: string): string | undefined {
    const id = this.#idOfToken.get(digestOf(token))
    if (id === undefined) return undefined
    this.#forgetToken(id)
    return id
  }

  remove(id: string): void {
    const sid = this.#calls.get(id)?.callSid
    if (sid !== undefined) this.#idOfSid.delete(sid)
    this.#calls.delete(id)
    this.#forgetToken(id)
  }

  /** Live entries of every kind: zero when nothing was left behind. */
  get size(): number {
    return this.#calls.size + this.#idOfSid.size + this.#idOfToken.size + this.#tokenOfId.size
  }

  #forgetToken(id: string): void {
    const token = this.#tokenOfId.get(id)
    if (token !== undefined) this.#idOfToken.delete(digestOf(token))
    this.#tokenOfId.delete(id)
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}

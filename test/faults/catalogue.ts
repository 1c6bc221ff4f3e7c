import { ABUSE } from './cases/abuse.ts'
import { AGENT } from './cases/agent.ts'
import { CARRIER } from './cases/carrier.ts'
import { MEDIA_SOCKET } from './cases/media-socket.ts'
import { NETWORK } from './cases/network.ts'
import { PROCESS } from './cases/process.ts'
import type { FaultArea } from './fault.ts'

/** All that is made to go wrong. */
export const CATALOGUE: readonly FaultArea[] = [MEDIA_SOCKET, NETWORK, CARRIER, PROCESS, AGENT, ABUSE]

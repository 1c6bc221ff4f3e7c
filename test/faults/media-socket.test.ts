import { MEDIA_SOCKET } from './cases/media-socket.ts'
import { testFaults } from './fault-tests.ts'

testFaults(MEDIA_SOCKET)

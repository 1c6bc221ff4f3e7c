/** Why a command could not do its work, in words for whoever typed it: shown without a stack. */
export class CommandFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Nobody answered: another attempt may do. */
export class ServerUnreachable extends CommandFailure {}

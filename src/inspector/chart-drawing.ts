/** How a chart is to be drawn, whatever it is drawn in. */
export interface DrawingOptions {
  /**
   * Id of a top-level state that too many edges lead into for each to be an arrow. Each of them is written in the state
   * that it leaves, and one arrow stands for all.
   */
  readonly gather?: string
  /** Actions that are bookkeeping and not drawn. */
  readonly omit?: readonly string[]
}

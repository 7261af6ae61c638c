/**
 * What a step of a sweep has done. A sweep deletes rows that are of no use any more. A step looks at a bounded part of the rows
 * of a kind, in a transaction of its own, and the next step goes on after that part.
 */
export interface Swept {
  /** The number of rows that were deleted. */
  readonly deleted: number
  /** Whether the step has come to the end of the rows, so that the next one begins at the first row again. */
  readonly isThrough: boolean
}

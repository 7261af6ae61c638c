/** Values that rows refer to by number, counted from 1, each of them once. */
export interface NumberedValues<A> {
  readonly values: ReadonlyArray<A>
  readonly numberOf: (value: A) => number
}

/** Numbers values. Two values are the same if they have the same key. */
export const make = <A, K>(keyOf: (value: A) => K): NumberedValues<A> => {
  const numbers = new Map<K, number>()
  const values: Array<A> = []
  let last: K | undefined
  let lastNumber = 0
  return {
    values,
    numberOf: (value) => {
      const key = keyOf(value)
      // Most rows have the value of the row before.
      if (key === last) return lastNumber
      let number = numbers.get(key)
      if (number === undefined) {
        number = values.push(value)
        numbers.set(key, number)
      }
      last = key
      lastNumber = number
      return number
    }
  }
}

import type { Problem } from './api-shapes.ts'

/** A refusal in the server's words. */
export class Refusal extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

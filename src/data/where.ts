/**
 * Whom an error about an argument speaks to: the public call, the argument's name, and what its
 * columns are.
 */
export interface Where {
  /** Public name of the call, for example `RBM.fit`. */
  readonly call: string;
  /** Name of the argument as the caller knows it, for example `data`. */
  readonly argument: string;
  /** What one column stands for, for example `visible units`. */
  readonly units: string;
}

/** The start of every message: the call and the argument, or a part of it such as `.shape`. */
export function subject(where: Where, part = ''): string {
  return `${where.call}: \`${where.argument}${part}\``;
}

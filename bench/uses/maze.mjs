// A grid world whose state is hidden: the agent sees which of the four sides of its cell are walls, not where it is. Cells look alike, so it needs
// to remember: its state are the last `memory` views, with the moves that led from each to the next.
import { randomOf } from './anomaly-data.mjs';

/** Walls are #, the goal is G. */
const plan = ['#########', '#...#...#', '#.#.#.#.#', '#.#...#.#', '#.#####.#', '#...#..G#', '#########'];
const moves = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
]; // up, right, down, left
const at = (y, x) => plan[y][x];
const free = plan.flatMap((line, y) => [...line].flatMap((cell, x) => (cell === '.' ? [[y, x]] : [])));

/** The fewest steps from a cell to the goal, by breadth-first search. */
export function bestSteps([startY, startX]) {
  const seen = new Map([[`${startY},${startX}`, 0]]);
  const queue = [[startY, startX]];
  for (const [y, x] of queue) {
    const steps = seen.get(`${y},${x}`);
    if (at(y, x) === 'G') return steps;
    for (const [dy, dx] of moves) {
      const key = `${y + dy},${x + dx}`;
      if (at(y + dy, x + dx) === '#' || seen.has(key)) continue;
      seen.set(key, steps + 1);
      queue.push([y + dy, x + dx]);
    }
  }
  return Infinity;
}

export function maze({ memory = 4, seed = 1 } = {}) {
  const random = randomOf(seed + 1000);
  let [y, x, history] = [0, 0, []];
  const walls = () => moves.map(([dy, dx]) => Number(at(y + dy, x + dx) === '#'));
  /** Four bits of walls and, of all but the oldest view, the move that led there. */
  const view = () => {
    const empty = { walls: [0, 0, 0, 0], move: [0, 0, 0, 0] };
    return Array.from({ length: memory }, (_, k) => history[k] ?? empty).flatMap(({ walls: seen, move }, k) =>
      k < memory - 1 ? [...seen, ...move] : seen,
    );
  };
  const see = (move) => {
    history = [{ walls: walls(), move: Array.from({ length: 4 }, (_, m) => Number(m === move)) }, ...history].slice(0, memory);
    return view();
  };
  return {
    places: 8 * memory - 4,
    position: () => [y, x],
    start() {
      [y, x] = free[Math.floor(random() * free.length)];
      history = [];
      return see(-1);
    },
    /** The next view; null at the goal. A move against a wall stays. */
    move(direction) {
      const [dy, dx] = moves[direction];
      if (at(y + dy, x + dx) !== '#') [y, x] = [y + dy, x + dx];
      return at(y, x) === 'G' ? null : see(direction);
    },
  };
}

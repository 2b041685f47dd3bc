export async function writeProblems(_o: string, _n: number): Promise<{ training: string; test: string }> {
  throw new Error();
}

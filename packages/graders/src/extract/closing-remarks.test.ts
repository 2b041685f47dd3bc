/** Sentences after the answer that speak of it, and answers that the text takes back. */
import { describe, expect, it } from "vitest";
import { gradeResponse } from "../reward/grade-response.ts";

const isRight = (gold: string, answer: string): boolean => gradeResponse(answer, gold).correct;

describe("a closing remark", () => {
  it.each([
    ["14", "The answer is 14. I hope this answer is helpful."],
    ["14", "Answer: 14\n\nI hope this answer is helpful."],
    ["14", "\\boxed{14}\n\nI hope this helps!"],
    ["14", "Tom has 14 pens. I hope this helps!"],
    ["14", "\\boxed{14}\n\nThe answer is reasonable."],
    ["14", "The answer is 14. This answer is correct."],
    ["14", "Answer: 14\n\nThis answer is correct."],
    ["14", "\\boxed{14}\n\nOur answer is consistent with the estimate."],
    ["14", "The answer is 14. Let me know if this answer is clear."],
    ["14", "Answer: 14\n\nLet me know if this answer is clear."],
    ["14", "\\boxed{14}\n\nPlease let me know if the answer is unclear to you."],
    ["14", "The answer is 14. The answer is verified."],
    ["14", "Answer: 14\n\nThe answer is verified."],
    ["14", "\\boxed{14}\n\nThe final answer is boxed above."],
    ["14", "\\boxed{14}\n\nThe final answer is shown above."],
    ["14", "The answer is 14. Therefore the answer is correct."],
    ["14", "Answer: 14\n\nTherefore the answer is correct."],
    ["14", "\\boxed{14}\n\nSo our final answer is verified."],
    ["14", "The answer is 14. Hopefully the final answer is right."],
    ["14", "Answer: 14\n\nHopefully the final answer is right."],
    ["14", "\\boxed{14}\n\nThe final answer is in the box."],
    ["14", "The answer is 14. I am confident that the final answer is right."],
    ["14", "Answer: 14\n\nI am confident that the final answer is right."],
    ["14", "\\boxed{14}\n\nNote: the final answer is given in simplest form."],
    ["14", "The answer is 14. The answer is in simplest form."],
    ["14", "Answer: 14\n\nThe answer is in simplest form."],
    ["14", "\\boxed{14}\n\nThe answer is an integer, as expected."],
    ["14", "The answer is 14. Hence the answer is a whole number, which makes sense."],
    ["14", "Answer: 14\n\nHence the answer is a whole number, which makes sense."],
    ["14", "\\boxed{14}\n\nFeel free to ask if any answer is confusing."],
    ["14", "The answer is 14. The answer is not 15."],
    ["14", "Answer: 14\n\nThe answer is not 15."],
    ["14", "\\boxed{14}\n\nWe checked that the answer is right."],
    ["14", "The answer is 14. If the answer is 15, something went wrong."],
    ["14", "Answer: 14\n\nIf the answer is 15, something went wrong."],
    ["14", "\\boxed{14}\n\nIf you need more than 1 example, let me know!"],
    ["14", "Tom has 14 pens. If you need more than 1 example, let me know!"],
    ["14", "\\boxed{14}\n\nThe answer is quite plausible."],
    ["14", "The answer is 14. The answer is exact."],
    ["14", "Answer: 14\n\nThe answer is exact."],
    ["14", "\\boxed{14}\n\nThus the final answer is complete."],
    ["14", "Answer: 14\n\nThus the final answer is complete."],
    ["14", "The answer is 14. This final answer is rounded to 2 decimal places."],
    ["14", "\\boxed{14}\n\nThis final answer is rounded to 2 decimal places."],
    ["14", "Answer: 14\n\nThis final answer is rounded to 2 decimal places."],
    ["Evelyn", "5 people ran. The answer is Evelyn."],
    ["yes", "The answer is yes."],
    ["\\text{no solution}", "\\boxed{3} does not work. Final answer: no solution"],
    ["15", "\\boxed{14} Correction: the final answer is 15."],
    ["blue", "The answer is blue."],
    ["14", "The answer is given by $14$."],
    ["14", "The answer is as follows: 14"],
    ["14", "The final answer is: **14**. I hope the final answer is correct."],
    ["\\text{isosceles}", "The answer is isosceles."],
    ["B", "The answer is B. I hope this answer is helpful."],
    ["15", "The answer is 15, if the answer is 14 then it fails."],
  ])("leaves %s the answer of: %s", (gold, answer) => {
    expect(isRight(gold, answer)).toBe(true);
  });

  it.each([
    ["15", "The answer is 14. I hope this answer is helpful."],
    ["15", "The answer is 14. I hope this helps!"],
    ["15", "The answer is 14. The answer is reasonable."],
    ["15", "The answer is 14. This answer is correct."],
    ["15", "The answer is 14. Our answer is consistent with the estimate."],
    ["15", "The answer is 14. Let me know if this answer is clear."],
    ["15", "The answer is 14. Please let me know if the answer is unclear to you."],
    ["15", "The answer is 14. The answer is verified."],
    ["15", "The answer is 14. The final answer is boxed above."],
    ["15", "The answer is 14. The final answer is shown above."],
    ["15", "The answer is 14. Therefore the answer is correct."],
    ["15", "The answer is 14. So our final answer is verified."],
    ["15", "The answer is 14. Hopefully the final answer is right."],
    ["15", "The answer is 14. The final answer is in the box."],
    ["15", "The answer is 14. I am confident that the final answer is right."],
    ["15", "The answer is 14. Note: the final answer is given in simplest form."],
    ["15", "The answer is 14. The answer is in simplest form."],
    ["15", "The answer is 14. The answer is an integer, as expected."],
    ["15", "The answer is 14. Hence the answer is a whole number, which makes sense."],
    ["15", "The answer is 14. Feel free to ask if any answer is confusing."],
    ["15", "The answer is 14. The answer is not 15."],
    ["15", "The answer is 14. We checked that the answer is right."],
    ["15", "The answer is 14. If the answer is 15, something went wrong."],
    ["15", "The answer is 14. If you need more than 1 example, let me know!"],
    ["15", "The answer is 14. The answer is quite plausible."],
    ["15", "The answer is 14. The answer is exact."],
    ["15", "The answer is 14. Thus the final answer is complete."],
    ["15", "The answer is 14. This final answer is rounded to 2 decimal places."],
  ])("does not make %s the answer of: %s", (gold, answer) => {
    expect(isRight(gold, answer)).toBe(false);
  });
});

describe("what is denied or struck out around a box", () => {
  it.each([
    ["7", "So the answer is \\boxed{7}, not 8."],
    ["7", "It is not 8, so \\boxed{7}"],
    ["7", "There are not enough pens, hence the answer is $\\boxed{7}$."],
    ["7", "\\boxed{7} is correct."],
    ["7", "$\\boxed{7}$ is the answer, which is not even."],
    ["7", "Since it is not negative, it is \\boxed{7}."],
    ["7", "The number that is not prime is \\boxed{7}."],
    ["7", "We do not need more: \\boxed{7}"],
    ["7", "~~The answer is 8.~~ The answer is 7."],
    ["7", "The answer is 7. ~~The answer is 8.~~"],
    ["7", "The answer is ~~8~~ **7**."],
    ["7", "The answer is 8. No wait, it is 7."],
    ["7", "The answer is 8. Oops, that should be $7$."],
    ["7", "The answer is 7. Actually, it is easy to see."],
    ["7", "The answer is 7. Wait, let me check that it is right."],
    ["7", "<del>8</del> 7"],
    ["7", "There is no doubt that it is \\boxed{7}."],
    ["7", "The number of wrong answers is \\boxed{7}."],
  ])("is not %s in: %s", (gold, answer) => {
    expect(isRight(gold, answer)).toBe(true);
  });

  it.each([
    ["7", "The answer is not \\boxed{7}."],
    ["7", "It cannot be \\boxed{7}"],
    ["7", "~~\\boxed{7}~~"],
    ["7", "~~\\boxed{7}~~ \\boxed{8}"],
    ["7", "\\sout{\\boxed{7}}"],
    ["7", "The answer isn't \\boxed{7}"],
    ["7", "\\boxed{7} is wrong."],
    ["7", "\\boxed{7} is not the answer."],
    ["7", "The answer is 7. No wait, it is 8."],
    ["7", "The wrong answer is \\boxed{7}."],
    ["7", "I doubt that it is \\boxed{7}."],
  ])("is %s in: %s", (gold, answer) => {
    expect(isRight(gold, answer)).toBe(false);
  });

  it("makes the right box worth nothing", () => {
    expect(gradeResponse("It is not \\boxed{7}.", "7")).toMatchObject({ correct: false, reward: 0 });
    expect(gradeResponse("It is not \\boxed{7}.", "8")).toMatchObject({ correct: false, reward: 10 });
    expect(gradeResponse("so \\boxed{\\cancel{9}\\ 10}", "10").correct).toBe(true);
  });
});

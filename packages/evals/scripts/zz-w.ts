import { writeReportFolder } from "/work/main/packages/evals/src/report/index.ts";
console.time("w"); console.log(await writeReportFolder(process.argv[2]!, { title: "Demo", createdAt: "today" })); console.timeEnd("w");

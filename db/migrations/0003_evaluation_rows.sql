CREATE TABLE "evaluation_rows" (
	"run_id" uuid NOT NULL,
	"prompt_id" uuid NOT NULL,
	"completion_id" uuid NOT NULL,
	"values" jsonb NOT NULL,
	CONSTRAINT "evaluation_rows_run_id_prompt_id_pk" PRIMARY KEY("run_id","prompt_id")
);
--> statement-breakpoint
ALTER TABLE "evaluation_rows" ADD CONSTRAINT "evaluation_rows_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evaluation_rows" ADD CONSTRAINT "evaluation_rows_prompt_id_prompts_id_fk" FOREIGN KEY ("prompt_id") REFERENCES "public"."prompts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evaluation_rows" ADD CONSTRAINT "evaluation_rows_completion_id_completions_id_fk" FOREIGN KEY ("completion_id") REFERENCES "public"."completions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "evaluation_rows_prompt_id_index" ON "evaluation_rows" USING btree ("prompt_id");
ALTER TABLE "workers" ADD COLUMN "memory_bytes" bigint;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "gpu_memory_bytes" bigint;
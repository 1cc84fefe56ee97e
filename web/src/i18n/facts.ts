// Names of the facts that a study records (cli/study_facts.cc), which are English words already.
import {settings} from "../settings";

const kChinese: Record<string, string> = {
  "KV types": "KV 类型",
  "architecture": "架构",
  "assay version": "Assay 版本",
  "chat template": "对话模板",
  "data set digest": "数据集摘要",
  "data set": "数据集",
  "definition digest": "任务定义摘要",
  "engine": "引擎",
  "few-shot examples": "少样本示例数",
  "few-shot seed": "少样本种子",
  "flash attention": "Flash Attention",
  "generation settings": "生成设置",
  "imported from": "导入来源",
  "items": "题目数",
  "limit": "题数上限",
  "micro-batch": "微批大小",
  "note": "备注",
  "prompts digest": "提示词摘要",
  "sampling seed": "采样种子",
  "started": "开始时间",
  "stopped early": "提前停止",
  "system instruction": "系统指令",
  "version": "版本",
};

export function factWord(field: string): string {
  return settings.language === "zh" ? (kChinese[field] ?? field) : field;
}

namespace MmuStress.Mmu;

/// <summary>What the OOM reaper does about notifiers.</summary>
public enum OomReaperMode
{
    /// <summary>It tells them that they must not sleep: since v4.19.</summary>
    Notifies,

    /// <summary>It leaves processes alone that have any: 4d4bbd8526a8, "mm, oom_reaper: skip mm structs with mmu notifiers".</summary>
    Skips,

    /// <summary>It does not tell them: before 4d4bbd8526a8.</summary>
    TellsNobody,
}

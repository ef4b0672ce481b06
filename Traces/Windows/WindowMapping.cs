namespace MmuStress.Traces;

/// <summary>Frames that stage 2 maps when a window begins.</summary>
/// <param name="Gfn">The first one.</param>
/// <param name="Pages">How many.</param>
/// <param name="Write">Whether they are mapped for writes.</param>
public readonly record struct WindowMapping(ulong Gfn, ulong Pages, bool Write);

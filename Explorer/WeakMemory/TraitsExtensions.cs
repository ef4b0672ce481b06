using System.Runtime.CompilerServices;

namespace MmuStress.Explorer;

/// <summary>Questions about <see cref="Traits"/>.</summary>
internal static class TraitsExtensions
{
    /// <summary>Whether <paramref name="traits"/> has one of <paramref name="wanted"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasAny(this Traits traits, Traits wanted) => (traits & wanted) != Traits.None;
}

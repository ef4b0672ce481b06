namespace MmuStress.Cli;

// Compiled with -p:Hosts=all only, and the only file of the command line that names the optional hosts' assemblies.
internal static partial class HostCatalog
{
    static partial void AddOptional(List<HostEntry> hosts)
    {
    }
}

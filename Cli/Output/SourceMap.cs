using System.Reflection;
using System.Reflection.Metadata;
using System.Text.RegularExpressions;

namespace MmuStress.Cli;

/// <summary>Which method a source line is in, by the debug information beside the assemblies.</summary>
internal sealed partial class SourceMap
{
    private readonly Dictionary<(string File, int Line), string> methods = [];

    private SourceMap()
    {
    }

    /// <summary>The methods of the MMUs and of the scenarios.</summary>
    /// <returns>What is known of them.</returns>
    public static SourceMap OfCodeUnderTest()
    {
        var map = new SourceMap();
        map.Add(typeof(Mmu.Kvm).Assembly);
        map.Add(typeof(Scenarios.Scenario).Assembly);
        return map;
    }

    // Where an assembly has no debug information beside it, no method of it is known.
    private void Add(Assembly assembly)
    {
        string path = Path.ChangeExtension(assembly.Location, ".pdb");
        if (!File.Exists(path))
        {
            return;
        }

        using MetadataReaderProvider symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(path));
        Read(symbols.GetMetadataReader(), assembly.ManifestModule);
    }

    /// <summary>The method that a line is in.</summary>
    /// <param name="file">The source file, without a leading slash.</param>
    /// <param name="line">The line.</param>
    /// <returns>Its name; empty where that is not known.</returns>
    public string MethodAt(string file, int line) => methods.GetValueOrDefault((file, line), "");

    private void Read(MetadataReader symbols, Module module)
    {
        foreach (MethodDebugInformationHandle handle in symbols.MethodDebugInformation)
        {
            MethodDebugInformation method = symbols.GetMethodDebugInformation(handle);
            string? name = null;
            foreach (SequencePoint point in method.GetSequencePoints())
            {
                if (point.IsHidden)
                {
                    continue;
                }

                name ??= NameOf(module.ResolveMethod(System.Reflection.Metadata.Ecma335.MetadataTokens.GetToken(handle.ToDefinitionHandle()))!);
                string file = symbols.GetString(symbols.GetDocument(point.Document).Name).TrimStart('/');
                for (int line = point.StartLine; line <= point.EndLine; line++)
                {
                    methods.TryAdd((file, line), name);
                }
            }
        }
    }

    // The compiler moves an async method into a type that is named after it: "<MapPage>d__12".
    private static string NameOf(MethodBase method)
    {
        foreach (string name in (string[])[method.DeclaringType?.Name ?? "", method.Name])
        {
            Match match = Written().Match(name);
            if (match.Success)
            {
                return match.Groups[1].Value;
            }
        }

        return method.Name;
    }

    [GeneratedRegex("^<([A-Za-z0-9_]+)>")]
    private static partial Regex Written();
}
